// SPDX-License-Identifier: Apache-2.0
// What a chosen file is, by its first bytes, as far as it is certainly no design document: said before anything is sent, in one
// sentence of its own and with what is wanted instead. Whether JSON is a design is for the server to judge.

import { bytes, filesStrings } from './strings-files.js';

const texts = filesStrings.upload;
const BYTES_MAX = 64 * 1024 * 1024;
const HEAD_BYTES = 64;

/** Files that Figma saves. They are archives or begin with its sign, and have nothing of JSON. */
const FIGMA_NAME = /\.(fig|jam|deck|make)$/i;
const FIGMA_SIGN = /^fig-/;
const PICTURE_TYPE = /^image\//;
const PICTURE_SIGN = /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|<svg)/s;
/** White space, a byte order mark that is not to stand there (the server says so), and what a value can begin with. */
const JSON_START = /^(\xef\xbb\xbf)?\s*([{["\d-]|true|false|null|$)/;

/** Why this file cannot be uploaded, or ''. */
export async function whyNot(file) {
  let head = '';
  try {
    head = String.fromCharCode(...new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  } catch {
    return texts.unreadable;
  }
  const isJson = JSON_START.test(head);
  if (file.size === 0) return texts.isEmpty;
  if (FIGMA_SIGN.test(head) || (FIGMA_NAME.test(file.name) && !isJson)) return texts.isFigmaFile;
  if (PICTURE_SIGN.test(head) || (PICTURE_TYPE.test(file.type) && !isJson)) return texts.isPicture;
  if (!isJson) return texts.isNotJson;
  return file.size > BYTES_MAX ? texts.tooLarge(bytes(file.size)) : '';
}
