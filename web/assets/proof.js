// SPDX-License-Identifier: Apache-2.0
// The password that the server may want to have proven first: asked for in the form that needs it, so that nothing in there is lost.

import { openSession, proveSession } from './api.js';
import { setFieldError, showError } from './form.js';

/**
 * `part`, hidden until then, has the field `password` of the form. `comeAgain(product)` is what a product's own people are told, who have no
 * password: their product sends them anew. `onChange` is called when it is asked for, and when it no longer is.
 */
export function proofOf(form, part, comeAgain, onChange) {
  const field = form.elements.password;
  const isAsked = () => !part.hidden;

  function show(isWanted) {
    part.hidden = !isWanted;
    field.value = '';
    setFieldError(form, 'password', '');
    onChange();
  }

  return {
    isAsked,
    isLacking: () => isAsked() && !field.value,
    forget: () => show(false),
    /** Proves the password, if it was asked for. */
    async give() {
      if (!isAsked()) return;
      await proveSession(field.value);
      show(false);
    },
    /** The server wants it. */
    async ask() {
      const { portal } = await openSession();
      if (portal) {
        showError(form, new Error(comeAgain(portal.title)));
        return;
      }
      show(true);
      field.focus();
    },
  };
}
