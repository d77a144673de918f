// SPDX-License-Identifier: Apache-2.0
// What all forms share: messages at the fields they are about, and passwords that can be shown.
// A field named NAME has its message in an element marked data-error-for="NAME", tied to it by aria-describedby.

import { strings } from './strings.js';
import { whileBusy } from './dom.js';

// For answers that name no field: how a reason begins, and the fields it may be about.
const FIELDS_OF_REASON = [
  ['name_', ['name']],
  ['email_', ['email']],
  ['password_', ['new_password', 'password']],
  ['setup_code', ['code']],
  ['expiry_', ['expires_at']],
  ['scope_', ['scopes']],
  ['unknown_scope', ['scopes']],
  ['duplicate_scope', ['scopes']],
  ['too_many_scopes', ['scopes']],
];

const slotOf = (form, field) => form.querySelector(`[data-error-for~="${CSS.escape(field)}"]`);

function controlsOf(form, slot) {
  return form.querySelectorAll(`[aria-describedby~="${CSS.escape(slot.id)}"]`);
}

export function setFieldError(form, field, message) {
  const slot = slotOf(form, field);
  slot.textContent = message;
  for (const control of controlsOf(form, slot)) {
    if (!message) control.removeAttribute('aria-invalid');
    else if (control.matches('input, textarea, select')) control.setAttribute('aria-invalid', 'true');
  }
}

export function clearErrors(form) {
  for (const slot of form.querySelectorAll('[data-error-for]')) setFieldError(form, slot.dataset.errorFor.split(' ')[0], '');
  form.querySelector('[data-form-error]').textContent = '';
}

function focusFirstError(form) {
  const slot = [...form.querySelectorAll('[data-error-for]')].find((each) => each.textContent);
  if (!slot) return;
  const control = controlsOf(form, slot)[0];
  (control.matches('fieldset') ? control.querySelector('input:checked') ?? control.querySelector('input') : control).focus();
}

/** Shows the server's sentence at the field it names, or above the form when it names none. */
export function showError(form, error) {
  const guesses = FIELDS_OF_REASON.filter(([start]) => error.reason?.startsWith(start)).flatMap(([, fields]) => fields);
  const field = [error.field, ...guesses].find((each) => each && slotOf(form, each));
  if (!field) {
    form.querySelector('[data-form-error]').textContent = error.message;
    return;
  }
  setFieldError(form, field, error.message);
  focusFirstError(form);
}

/** Checks `required` (field name → message), then runs `work` with the form's values, showing what it throws. */
export function onSubmit(form, required, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    clearErrors(form);
    for (const [field, message] of Object.entries(required)) {
      if (!values[field].trim()) setFieldError(form, field, message);
    }
    if (form.querySelector('[aria-invalid="true"]')) {
      focusFirstError(form);
      return;
    }
    const button = form.querySelector('[type="submit"]');
    await whileBusy(button, async () => {
      try {
        await work(values);
      } catch (error) {
        showError(form, error);
      }
    });
  });
}

function reveal(button, input, shown) {
  const label = input.labels[0].textContent;
  input.type = shown ? 'text' : 'password';
  button.textContent = shown ? strings.form.hide : strings.form.show;
  button.setAttribute('aria-label', shown ? strings.form.hidePassword(label) : strings.form.showPassword(label));
}

/** Makes each button with data-reveal="ID" show and hide the password in that field. */
export function makeRevealable(form) {
  for (const button of form.querySelectorAll('[data-reveal]')) {
    const input = document.getElementById(button.dataset.reveal);
    reveal(button, input, false);
    button.hidden = false;
    button.addEventListener('click', () => reveal(button, input, input.type === 'password'));
    form.addEventListener('submit', () => reveal(button, input, false));
  }
}
