// SPDX-License-Identifier: Apache-2.0
// Keeps the comments of an open file true: asks for them now and then (live.js), and tells what was said elsewhere through
// file-state.js. While somebody writes a reply or has a menu open in the list, nothing is asked, so that it is not drawn again under
// their hands.

import { getUnlessSame } from './api.js';
import { onChange, set, state } from './file-state.js';
import { keepTrue } from './live.js';

const isInUse = (list) => list.querySelector('textarea, [aria-expanded="true"]') !== null;

/** `panel` is where they are shown; called once they are. */
export function keepCommentsTrue(panel) {
  let tag = null;
  let told = state.comments; // what this module, or the first load, has told

  async function refresh() {
    const list = panel.querySelector('#comments-list');
    const before = state.comments;
    if (isInUse(list)) return false;
    const fresh = await getUnlessSame(`/files/${state.file.key}/comments`, tag);
    if (!fresh) return false;
    if (state.comments !== before || isInUse(list)) return true; // changed here meanwhile, or in use: asked again soon
    tag = fresh.tag;
    told = fresh.answer.comments;
    set({ comments: told });
    return true;
  }

  const live = keepTrue(panel, refresh, `patd-comments-${state.file.key}`);
  onChange((changes) => {
    if (changes.has('comments') && state.comments !== told) live.changedHere();
    if (changes.has('tab')) live.soon();
  });
}
