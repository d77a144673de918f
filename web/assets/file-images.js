// SPDX-License-Identifier: Apache-2.0
// The images that fills of a design refer to. A document only names them, by the SHA-1 of what they are; who uploads one need not say
// which it is.

import { del, get } from './api.js';
import { upload } from './api-upload.js';
import { confirm } from './confirm.js';
import { el, fill, toast, whileBusy } from './dom.js';
import { attempt } from './file-menu.js';
import { set, state } from './file-state.js';
import { bytes, filesStrings } from './strings-files.js';
import { strings } from './strings.js';

const texts = filesStrings.details;
const TYPES = 'image/png,image/jpeg,image/gif,image/webp';

const base = () => `/files/${state.file.key}/images`;

async function remove(place, { ref, url }) {
  const isDone = await confirm({
    title: texts.removeImageTitle,
    details: [el('p', {}, el('img', { src: url, alt: '', width: 40, height: 40 })), el('p', {}, texts.removeImageText)],
    accept: texts.removeImage,
    cancel: texts.removeImageKeep,
    action: () => del(`${base()}/${ref}`),
  });
  if (!isDone) return;
  await showImages(place);
  set({ file: { ...state.file } }); // the picture shows it no longer
  place.querySelector('#images-upload')?.focus();
  toast(texts.imageRemoved);
}

const removeButton = (place, image) => el('button', {
  type: 'button', class: 'link-button', 'aria-label': texts.removeImageLabel(image.ref.slice(0, 10)), onclick: () => attempt(() => remove(place, image)), data: { testid: 'image-remove' },
}, texts.removeImage);

const imageNode = (place, { ref, type, bytes: size, url }) => el('li', { class: 'image' },
  el('img', { src: url, alt: '', loading: 'lazy', width: 40, height: 40 }),
  el('span', { class: 'image-name' }, el('code', { title: ref }, `${ref.slice(0, 10)}…`), el('span', { class: 'sub' }, `${type.replace('image/', '').toUpperCase()}, ${bytes(size)}`)),
  state.file.role !== 'viewer' && removeButton(place, { ref, url }));

const missingNode = (ref) => el('li', { class: 'image' },
  el('span', { class: 'image-missing', 'aria-hidden': 'true' }, '?'),
  el('span', { class: 'image-name' }, el('code', { title: ref }, `${ref.slice(0, 10)}…`), el('span', { class: 'badge warn' }, texts.missingOne)));

/** Sends them one after the other; what fails does not keep the others back. Tells what became of them. */
async function addAll(files, wanted) {
  const told = [];
  let added = 0;
  let strangers = 0;
  for (const file of files) {
    try {
      const { ref } = await upload(base(), file, { type: file.type || 'application/octet-stream' });
      added += 1;
      if (!wanted.has(ref)) strangers += 1;
    } catch (error) {
      told.push(texts.imageFailed(file.name, error.message));
    }
  }
  if (added) told.unshift(texts.added(added));
  if (strangers) told.push(texts.unreferenced(strangers));
  return { added, told };
}

function uploadPart(place, wanted) {
  const input = el('input', { type: 'file', id: 'images-file', class: 'visually-hidden', accept: TYPES, multiple: true, tabindex: -1, 'aria-hidden': 'true' });
  const button = el('button', { type: 'button', class: 'button small', id: 'images-upload', onclick: () => input.click() }, texts.addImages);
  input.addEventListener('change', () => whileBusy(button, async () => {
    const { added, told } = await addAll([...input.files], wanted);
    input.value = '';
    await showImages(place, told.join(' '));
    if (added) set({ file: { ...state.file } }); // the picture shows them now
    place.querySelector('#images-upload')?.focus();
    if (added) toast(texts.added(added));
  }));
  return [button, input];
}

function render(place, { images, missing = [] }, told) {
  const wanted = new Set([...missing, ...images.map(({ ref }) => ref)]);
  const isEmpty = !images.length && !missing.length;
  place.replaceChildren(
    el('h3', { id: 'images-title' }, texts.images),
    el('p', { class: 'hint' }, isEmpty ? texts.noImages : texts.imagesHint),
    el('p', { class: 'hint', id: 'images-told', role: 'status' }, told),
    missing.length ? el('p', {}, el('span', { class: 'badge warn', id: 'images-missing' }, texts.missing(missing.length))) : '',
    el('ul', { class: 'images' }, ...missing.map(missingNode), ...images.map((image) => imageNode(place, image))),
    ...(state.file.role === 'viewer' || isEmpty ? [] : uploadPart(place, wanted)));
}

export function showImages(place, told = '') {
  return fill(place, async () => render(place, await get(base()), told), strings.error);
}
