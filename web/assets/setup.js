// SPDX-License-Identifier: Apache-2.0
// The first-run page: the one-time code from the link's fragment and the first administrator's account.
// The fragment never reaches the server by itself, and leaves the address bar as soon as it is read.

import { get, post } from './api.js';
import { byId } from './dom.js';
import { makeRevealable, onSubmit } from './form.js';
import { strings } from './strings.js';

const form = byId('setup-form');

function takeCodeFromLink() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (!code) return;
  form.elements.code.value = code;
  byId('setup-code-field').hidden = true;
  byId('setup-code-taken').hidden = false;
  history.replaceState(null, '', location.pathname + location.search);
}

function showCodeField() {
  byId('setup-code-field').hidden = false;
  byId('setup-code-taken').hidden = true;
}

const required = {
  code: strings.form.codeRequired,
  name: strings.form.personNameRequired,
  email: strings.form.emailRequired,
  password: strings.form.newPasswordRequired,
};

makeRevealable(form);
takeCodeFromLink();
addEventListener('hashchange', takeCodeFromLink);

onSubmit(form, required, async ({ code, name, email, password }) => {
  try {
    await post('/setup', { code: code.trim(), email: email.trim(), name: name.trim(), password });
    location.replace('/');
  } catch (error) {
    if (error.reason === 'setup_done') location.replace('/signin');
    if (error.reason === 'setup_code_invalid') showCodeField();
    throw error;
  }
});

try {
  if (!(await get('/setup')).needed) location.replace('/signin');
} catch {
  // Whether set-up is needed shows when the form is sent.
}
