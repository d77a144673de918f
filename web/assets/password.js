// SPDX-License-Identifier: Apache-2.0
// The form that changes one's password, in the security settings; loaded when it is first opened.
// Changing the password gives this session a new cookie and CSRF token, and by default ends the others.

import { post, renewCsrfToken } from './api.js';
import { byId, toast } from './dom.js';
import { clearErrors, makeRevealable, onSubmit } from './form.js';
import { refreshSessions } from './sessions.js';
import { strings } from './strings.js';

const form = byId('password-form');
const opener = byId('password-change');

function toggle(open) {
  form.hidden = !open;
  opener.hidden = open;
  form.reset();
  // Tells password managers whose password this is.
  form.elements.username.value = document.querySelector('[data-person="email"]').textContent;
  clearErrors(form);
  (open ? form.elements.current_password : opener).focus();
}

export const openPasswordForm = () => toggle(true);

async function changePassword({ current_password, new_password }, end_other_sessions) {
  try {
    return await post('/password', { current_password, new_password, end_other_sessions });
  } catch (error) {
    if (error.reason === 'wrong_credentials') {
      error.field = 'current_password';
      error.message = strings.password.wrongCurrent;
    }
    throw error;
  }
}

const required = { current_password: strings.form.currentPasswordRequired, new_password: strings.form.newPasswordRequired };

makeRevealable(form);
byId('password-cancel').addEventListener('click', () => toggle(false));

onSubmit(form, required, async (values) => {
  const answer = await changePassword(values, form.elements.end_other_sessions.checked);
  renewCsrfToken(answer.csrf_token);
  toggle(false);
  toast(answer.ended_sessions ? strings.password.changedAndEnded(answer.ended_sessions) : strings.password.changed);
  await refreshSessions();
});
