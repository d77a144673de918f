// SPDX-License-Identifier: Apache-2.0
// A file in the list: its picture, its name, what happened to it last, and the menu of what can be done with it.

import { drawing, el } from './dom.js';
import { menuButton } from './menu.js';
import { filesStrings } from './strings-files.js';
import { relative, timeElement } from './time.js';

const texts = filesStrings.list;
const PAGE = 'M4 1.5h5L12.5 5v9.5H4zM9 1.5V5h3.5';
const SPEECH = 'M2.5 3h11v7.5h-6L4.5 13v-2.5h-2z';
const PEOPLE = 'M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5zM1.75 13a4.25 4.25 0 0 1 8.5 0M10.5 3.2a2.25 2.25 0 0 1 0 4.2M12 9.2a4.25 4.25 0 0 1 2.25 3.8';

const placeholder = () => el('span', { class: 'file-blank' }, drawing(PAGE));

function picture(file) {
  const frame = el('span', { class: 'file-picture' });
  if (file.trashed_at) frame.append(placeholder());
  else frame.append(el('img', { src: file.picture_url, alt: '', loading: 'lazy', decoding: 'async', draggable: 'false', onerror: () => frame.replaceChildren(placeholder()) }));
  return frame;
}

function lastChange(file, isRecent) {
  if (file.trashed_at) return [texts.trashed, timeElement(file.trashed_at, relative)];
  if (isRecent && file.opened_at) return [texts.opened, timeElement(file.opened_at, relative)];
  return [texts.edited, timeElement(file.last_touched_at, relative)];
}

function mark(path, n, text) {
  return n > 0 && el('span', { class: 'file-mark', title: text }, drawing(path), el('span', { 'aria-hidden': 'true' }, String(n)), el('span', { class: 'visually-hidden' }, text));
}

function facts(file, isRecent) {
  return el('span', { class: 'file-facts sub' },
    el('span', {}, ...lastChange(file, isRecent)),
    file.role !== 'owner' && el('span', {}, texts.from(file.creator.handle)),
    mark(SPEECH, file.comment_count, texts.comments(file.comment_count)),
    mark(PEOPLE, file.share_count, texts.sharedWith(file.share_count)));
}

/** `entries(file)` are those of its menu. */
export function fileCard(file, { isRecent, entries }) {
  const nameId = `file-${file.key}`;
  const inside = [picture(file), el('strong', { class: 'file-name', id: nameId, dir: 'auto' }, file.name)];
  const open = file.trashed_at
    ? el('div', { class: 'file-open' }, ...inside)
    : el('a', { class: 'file-open', href: `/files/${file.key}`, 'aria-labelledby': nameId, draggable: 'false', data: { testid: 'file-open' } }, ...inside);
  return el('li', { class: 'file', data: { fileKey: file.key } }, open, facts(file, isRecent),
    menuButton({ label: texts.actions(file.name), entries: () => entries(file), testid: 'file-menu' }));
}
