// SPDX-License-Identifier: Apache-2.0
// The sign-in page: email and password against a session, then on to the page that was asked for.
// Restored from the back/forward cache it starts afresh, so that no typed password comes back.

import { nextPath, signIn } from './api.js';
import { byId } from './dom.js';
import { makeRevealable, onSubmit } from './form.js';
import { strings } from './strings.js';

const form = byId('signin-form');

makeRevealable(form);
onSubmit(form, { email: strings.form.emailRequired, password: strings.form.passwordRequired }, async ({ email, password }) => {
  try {
    await signIn(email.trim(), password);
  } catch (error) {
    form.elements.password.select(); // to type it again at once
    throw error;
  }
  location.replace(nextPath());
});

// A link from another site brings nobody's cookie (it is SameSite=Strict), so somebody signed in lands here. Asked
// again from this page, the cookie comes along; signed out, the answer is a redirect, which is not followed.
fetch('/', { redirect: 'manual', cache: 'no-store' }).then(
  (answer) => { if (answer.ok) location.replace(nextPath()); },
  () => {}, // the form says what is wrong when it is used
);

addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
