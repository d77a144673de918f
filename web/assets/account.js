// SPDX-License-Identifier: Apache-2.0
// The account settings: picture, name, email. The picture that was chosen is made anew here, square and small, so that what else its
// file tells (a place, a camera) stays where it is; and it is shown before it is sent.

import { del, patch, put } from './api.js';
import { byId, toast, whileBusy } from './dom.js';
import { clearErrors, makeRevealable, onSubmit, setFieldError } from './form.js';
import { showPerson } from './session.js';
import { strings } from './strings.js';

const texts = strings.account;
const PIXELS = 256;
const BYTES_MAX = 65_536;
// The first that is small enough: drawings stay sharp, photographs become small.
const KINDS = [['image/png'], ['image/webp', 0.9], ['image/jpeg', 0.85], ['image/jpeg', 0.5]];

let person = null;

function show(changed) {
  person = changed;
  showPerson(person);
  byId('account-role').textContent = person.admin ? texts.administrator : texts.member;
  byId('picture-choose').textContent = person.picture_url ? texts.pictureChange : texts.pictureUpload;
  byId('picture-remove').hidden = !person.picture_url;
}

// --- picture -------------------------------------------------------------------------------------

/** The middle of a picture, as a square on white: JPEG has nothing to see through. */
async function squareOf(file) {
  const bitmap = await createImageBitmap(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = byId('picture-preview');
  canvas.width = PIXELS;
  canvas.height = PIXELS;
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, PIXELS, PIXELS);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, PIXELS, PIXELS);
  bitmap.close();
}

async function encoded() {
  for (const [type, quality] of KINDS) {
    const blob = await new Promise((resolve) => byId('picture-preview').toBlob(resolve, type, quality));
    if (blob?.type === type && blob.size <= BYTES_MAX) return blob;
  }
  throw new Error(texts.pictureUnreadable);
}

function showPreview(isShown) {
  byId('picture-preview').hidden = !isShown;
  byId('picture-now').hidden = isShown;
  byId('picture-asked').hidden = !isShown;
  byId('picture-actions').hidden = isShown;
}

async function choose(event) {
  const [file] = event.target.files;
  event.target.value = ''; // so that the same file can be chosen again
  if (!file) return;
  byId('picture-error').textContent = '';
  try {
    await squareOf(file);
  } catch {
    byId('picture-error').textContent = texts.pictureUnreadable;
    return;
  }
  showPreview(true);
  byId('picture-save').focus();
}

function leavePreview() {
  showPreview(false);
  byId('picture-error').textContent = '';
  byId('picture-choose').focus();
}

/** Does what a button asks for, and says at the picture what went wrong. */
function runPicture(button, work, done) {
  return whileBusy(button, async () => {
    try {
      show(await work());
      leavePreview();
      toast(done);
    } catch (error) {
      byId('picture-error').textContent = error.message;
    }
  });
}

function startPicture() {
  byId('picture-choose').addEventListener('click', () => byId('picture-file').click());
  byId('picture-file').addEventListener('change', choose);
  byId('picture-save').addEventListener('click', (event) => runPicture(event.currentTarget, async () => put('/me/picture', await encoded()), texts.pictureSaved));
  byId('picture-cancel').addEventListener('click', leavePreview);
  byId('picture-remove').addEventListener('click', (event) => runPicture(event.currentTarget, () => del('/me/picture'), texts.pictureRemoved));
}

// --- name ----------------------------------------------------------------------------------------

function startName() {
  const form = byId('name-form');
  const isChanged = () => form.elements.name.value.trim() !== person.name;
  const refresh = () => { byId('name-save').disabled = !isChanged(); };

  form.elements.name.value = person.name;
  form.addEventListener('input', () => {
    setFieldError(form, 'name', '');
    refresh();
  });
  refresh();
  onSubmit(form, { name: strings.form.personNameRequired }, async ({ name }) => {
    if (!isChanged()) return;
    show(await patch('/me', { name: name.trim() }));
    form.elements.name.value = person.name;
    form.elements.name.focus(); // the button is about to be disabled
    refresh();
    toast(texts.nameSaved);
  });
}

// --- email ---------------------------------------------------------------------------------------

function startEmail() {
  const form = byId('email-form');
  const opener = byId('email-change');

  function toggle(isOpen) {
    form.hidden = !isOpen;
    opener.hidden = isOpen;
    form.reset();
    form.elements.username.value = person.email; // tells password managers whose password this is
    clearErrors(form);
    (isOpen ? form.elements.email : opener).focus();
  }

  makeRevealable(form);
  opener.addEventListener('click', () => toggle(true));
  byId('email-cancel').addEventListener('click', () => toggle(false));
  onSubmit(form, { email: strings.form.newEmailRequired, current_password: strings.form.currentPasswordRequired }, async ({ email, current_password }) => {
    try {
      show(await patch('/me', { email: email.trim(), current_password }));
    } catch (error) {
      if (error.reason === 'wrong_credentials') error.message = strings.password.wrongCurrent;
      throw error;
    }
    toggle(false);
    toast(texts.emailSaved);
  });
}

export function startAccount(who) {
  show(who);
  startPicture();
  startName();
  startEmail();
}
