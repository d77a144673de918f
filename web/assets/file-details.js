// SPDX-License-Identifier: Apache-2.0
// What programs need of a file: its key, a command that reads it, and where to get a token that may do just that. Below, facts about
// the file and the images its fills refer to.

import { byId, el } from './dom.js';
import { copyButton } from './copy.js';
import { onChange, state } from './file-state.js';
import { showImages } from './file-images.js';
import { bytes, filesStrings } from './strings-files.js';
import { full, timeElement } from './time.js';

const texts = filesStrings.details;
const TOKEN_NAME_MAX = 64;
const TOKEN_SCOPES = ['file_content:read', 'file_metadata:read', 'file_versions:read', 'file_comments:read'];

const command = (file) => `curl -H "X-Figma-Token: $TOKEN" ${location.origin}/v1/files/${file.key}`;

/** The settings' form, filled in for this file alone; nothing is generated before somebody has looked at it. */
function tokenAddress(file) {
  const name = [...texts.tokenName(file.name)].slice(0, TOKEN_NAME_MAX).join('');
  return `/settings/security?${new URLSearchParams({ name, scopes: TOKEN_SCOPES.join(','), expires: '30d', file: file.key })}`;
}

function keyPart(file) {
  const key = el('input', { id: 'file-key', class: 'mono', readonly: true, value: file.key, translate: 'no', spellcheck: 'false', onfocus: ({ target }) => target.select() });
  const code = el('code', { id: 'file-command', translate: 'no' }, command(file));
  return [
    el('label', { for: 'file-key' }, texts.key),
    el('div', { class: 'copy-line' }, key, copyButton(key, texts.key, { id: 'copy-key', primary: true })),
    el('p', { class: 'hint' }, texts.keyHint),
    el('h3', {}, texts.curl),
    el('pre', { class: 'command' }, code),
    el('p', { class: 'copy-line' },
      copyButton(code, texts.curlName, { id: 'copy-command' }),
      el('a', { class: 'button small', id: 'file-token', href: tokenAddress(file) }, texts.token)),
  ];
}

const fact = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, ...value));

const facts = (file) => el('dl', { class: 'facts' },
  fact(texts.kind, texts.kinds[file.editor_type] ?? file.editor_type),
  file.project && fact(texts.project, el('a', { href: `/?project=${file.project.id}` }, file.project.name)),
  fact(texts.creator, file.creator.handle),
  fact(texts.created, timeElement(file.created_at, full)),
  fact(texts.touched, timeElement(file.last_touched_at, full)),
  fact(texts.size, bytes(file.bytes)),
  fact(texts.nodes, file.node_count.toLocaleString()),
  fact(texts.versionsCount, String(file.version_count)));

function render(panel) {
  const images = byId('file-images') ?? el('section', { id: 'file-images', 'aria-labelledby': 'images-title' });
  panel.replaceChildren(el('section', {}, ...keyPart(state.file)), el('section', {}, el('h3', {}, texts.about), facts(state.file)), images);
  return images;
}

export async function showDetails(panel) {
  if (!byId('file-key')) onChange((changes) => changes.has('file') && render(panel));
  await showImages(render(panel));
}
