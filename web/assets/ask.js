// SPDX-License-Identifier: Apache-2.0
// A small form in a dialog: a name to give, a place to choose. It stays open, with what was entered, until it worked or was left.

import { onCloseRequest } from './confirm.js';
import { el } from './dom.js';
import { onSubmit } from './form.js';
import { filesStrings } from './strings-files.js';

function control({ name, value, options, maxLength }) {
  const shared = { id: `ask-${name}`, name, 'aria-describedby': `ask-${name}-error`, autocomplete: 'off' };
  if (!options) return el('input', { ...shared, type: 'text', value, maxlength: maxLength, autofocus: true });
  return el('select', { ...shared, autofocus: true }, ...options.map((each) => el('option', { value: each.value, selected: each.value === value }, each.label)));
}

function fieldNode(field) {
  return el('div', { class: 'field' },
    el('label', { for: `ask-${field.name}` }, field.label),
    control(field),
    el('p', { class: 'error', id: `ask-${field.name}-error`, data: { errorFor: field.name } }));
}

/**
 * Shows the form; `fields` are [{ name, label, value, options?, required? (the message without one) }]. `action(values)` does it; what it
 * throws is shown in the form. Resolves to true once done, to false when left.
 */
export function ask({ title, fields, accept, action }) {
  return new Promise((resolve) => {
    const form = el('form', { class: 'dialog-form', method: 'post', novalidate: true },
      el('h2', { id: 'ask-title' }, title),
      el('div', { class: 'dialog-body' },
        el('p', { class: 'alert', role: 'alert', data: { formError: '' } }),
        ...fields.map(fieldNode)),
      el('div', { class: 'actions' },
        el('button', { type: 'button', class: 'button', id: 'ask-cancel', onclick: () => close() }, filesStrings.cancel),
        el('button', { type: 'submit', class: 'button primary', id: 'ask-accept' }, accept)));
    const dialog = el('dialog', { class: 'dialog narrow', id: 'ask-dialog', 'aria-labelledby': 'ask-title' }, form);

    function close(result = '') {
      if (!form.querySelector('[aria-busy="true"]') || result) dialog.close(result);
    }

    const required = Object.fromEntries(fields.filter((field) => field.required).map((field) => [field.name, field.required]));
    onSubmit(form, required, async (values) => {
      await action(values);
      close('done');
    });
    onCloseRequest(dialog, () => close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'done');
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector('input')?.select();
  });
}
