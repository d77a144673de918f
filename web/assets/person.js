// SPDX-License-Identifier: Apache-2.0
// How people are shown, everywhere: the picture they have given, or their initials on a colour of their own.

import { el } from './dom.js';

function initials(name) {
  const words = name.trim().split(/\s+/);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map((word) => [...word][0] ?? '').join('').toUpperCase();
}

/** Shows somebody in an .avatar. `picture`: the address of one that was given, or null. One that does not come is as none. */
export function showAvatar(node, { id, name, picture }) {
  const letters = initials(name);
  node.style.setProperty('--hue', String((Number(id) % 360) * 137 % 360)); // by the golden angle neighbours are far apart
  if (!picture) node.replaceChildren(letters);
  else node.replaceChildren(el('img', { src: picture, alt: '', loading: 'lazy', onerror: () => node.replaceChildren(letters) }));
}

/**
 * Somebody of whom the API for files tells. Who gave no picture has a drawn one at img_url, for clients that want one in any case; its
 * name is the id alone. The path alone: behind another proxy the server may call itself by another name than this page's.
 */
export function portrait({ id, handle, img_url: url }) {
  const path = new URL(url, location.origin).pathname;
  const node = el('span', { class: 'avatar portrait', 'aria-hidden': 'true' });
  showAvatar(node, { id, name: handle, picture: path.endsWith(`/${id}.svg`) ? null : path });
  return node;
}
