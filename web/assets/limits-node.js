// SPDX-License-Identifier: Apache-2.0
// The limits of a token as a list of sentences, in which files and projects are called by their names as soon as those are known.

import { el } from './dom.js';
import { namesOf } from './limits-names.js';
import { sorted } from './limits.js';
import { inSentences } from './limits-words.js';

export function limitsNode(limits) {
  const draw = (names) => inSentences(limits, names).map((text) => el('li', { dir: 'auto' }, text));
  const list = el('ul', { class: 'limit-facts' }, ...draw());
  const { files, projects } = sorted(limits);
  if (files.length + projects.length > 0) namesOf({ files, projects }).then((names) => list.replaceChildren(...draw(names)));
  return list;
}
