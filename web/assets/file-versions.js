// SPDX-License-Identifier: Apache-2.0
// The versions of a file, newest first: each can be looked at, and saved.

import { del, get } from './api.js';
import { confirm } from './confirm.js';
import { byId, el, fill, toast, whileBusy } from './dom.js';
import { attempt, documentAddress, savedName } from './file-menu.js';
import { onChange, set, state } from './file-state.js';
import { portrait } from './person.js';
import { bytes, filesStrings } from './strings-files.js';
import { strings } from './strings.js';
import { relative, timeElement } from './time.js';

const texts = filesStrings.versions;
const view = { versions: [], nextCursor: null };

const isNewest = ({ id }) => id === state.file.version;
const isShown = (version) => (state.version ? state.version === version.id : isNewest(version));

/** `number`: its place among those that are there, from the oldest. */
function versionNode(version, number) {
  const name = version.label ?? texts.number(number);
  return el('li', { class: 'version', 'aria-current': isShown(version) ? 'true' : undefined, data: { version: version.id } },
    el('div', { class: 'version-head' },
      el('strong', { dir: 'auto' }, name),
      isNewest(version) && el('span', { class: 'badge good' }, texts.newest),
      isShown(version) && !isNewest(version) && el('span', { class: 'badge warn' }, texts.shown)),
    version.description && el('p', { class: 'version-text', dir: 'auto' }, version.description),
    el('p', { class: 'version-who sub' }, portrait(version.person), el('span', {}, version.person.handle, ' · ', timeElement(version.created_at, relative), ' · ', bytes(version.bytes))),
    el('p', { class: 'version-do' },
      !isShown(version) && el('button', { type: 'button', class: 'button small', 'aria-label': texts.lookLabel(name), onclick: () => look(version), data: { testid: 'version-look' } }, texts.look),
      el('a', { class: 'button small', href: documentAddress(state.file, version.id), download: savedName(state.file, ` ${version.id}`), 'aria-label': texts.downloadLabel(name), data: { testid: 'version-download' } }, texts.download),
      state.file.role === 'owner' && !isNewest(version) && el('button', { type: 'button', class: 'button small', 'aria-label': texts.removeLabel(name), onclick: () => attempt(() => remove(version, name)), data: { testid: 'version-remove' } }, texts.remove)));
}

async function remove(version, name) {
  const isDone = await confirm({
    title: texts.removeTitle(name),
    details: [el('p', {}, texts.removeText)],
    accept: texts.remove,
    cancel: texts.removeKeep,
    action: () => del(`/files/${state.file.key}/versions/${version.id}`),
  });
  if (!isDone) return;
  set({ file: { ...state.file, version_count: state.file.version_count - 1 }, ...(isShown(version) && { version: null }) });
  toast(texts.removed);
}

function look(version) {
  set({ version: isNewest(version) ? null : version.id });
  byId('versions-list').querySelector(`[data-version="${CSS.escape(version.id)}"] a`).focus();
}

function render() {
  byId('versions-list').replaceChildren(
    el('ol', { class: 'versions' }, ...view.versions.map((version, i) => versionNode(version, state.file.version_count - i))),
    view.nextCursor ? el('button', { type: 'button', class: 'button small', onclick: (event) => whileBusy(event.currentTarget, () => attempt(() => load(view.nextCursor))) }, texts.more) : '');
}

async function load(cursor) {
  const answer = await get(`/files/${state.file.key}/versions${cursor ? `?cursor=${cursor}` : ''}`);
  view.versions = cursor ? [...view.versions, ...answer.versions] : answer.versions;
  view.nextCursor = answer.next_cursor;
  render();
}

const reload = () => fill(byId('versions-list'), () => load(null), strings.error);

export async function showVersions(panel, { onUpload }) {
  if (!byId('versions-list')) {
    panel.replaceChildren(
      state.file.role === 'viewer' ? '' : el('button', { type: 'button', class: 'button small', id: 'versions-upload', 'aria-haspopup': 'dialog', onclick: onUpload }, texts.upload),
      el('div', { id: 'versions-list' }, el('p', { class: 'sub' }, filesStrings.working)));
    onChange((changes) => {
      if (changes.has('file')) reload();
      else if (changes.has('version') && view.versions.length) render();
    });
  }
  await reload();
}
