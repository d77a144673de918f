// SPDX-License-Identifier: Apache-2.0
// Files that are dropped anywhere on a page, as long as no dialog is open.

import { drawing, el, toast } from './dom.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.upload;
const ARROW = 'M8 10.5v-8M4.75 5.5L8 2.25l3.25 3.25M2.5 10.5v3h11v-3';

/** `onFile` gets the first. */
export function acceptDrops(onFile) {
  const cover = el('div', { class: 'drop-cover', hidden: true }, el('p', {}, drawing(ARROW), texts.dropHere));
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  const isCovered = () => document.querySelector('dialog[open]') !== null;
  let depth = 0;
  document.body.append(cover);

  const show = (by) => {
    depth = Math.max(0, depth + by);
    cover.hidden = depth === 0 || isCovered();
  };
  document.addEventListener('dragenter', (event) => hasFiles(event) && show(1));
  document.addEventListener('dragleave', (event) => hasFiles(event) && show(-1));
  document.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(-depth);
    if (isCovered()) return;
    if (event.dataTransfer.files.length > 1) toast(texts.onlyOne);
    onFile(event.dataTransfer.files[0]);
  });
}
