// SPDX-License-Identifier: Apache-2.0
// Copying. There is no clipboard to write to on plain http other than on this very machine: then one is helped to do it by hand.

import { el, icon, toast } from './dom.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.details;
const BACK_MS = 3000;

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function select(node) {
  if (node.select) {
    node.focus();
    node.select();
  } else {
    getSelection().selectAllChildren(node);
  }
}

/** A button that copies what `node` (a field or an element) has; `what` names it. */
export function copyButton(node, what, { id, primary = false } = {}) {
  const button = el('button', { type: 'button', class: `button small${primary ? ' primary' : ''}`, id, 'aria-label': texts.copyLabel(what) });
  const show = (isCopied) => button.replaceChildren(icon(isCopied ? 'check' : 'copy'), isCopied ? texts.copied : texts.copy);
  let back = 0;
  button.addEventListener('click', async () => {
    if (!(await copyText(node.value ?? node.textContent))) {
      select(node);
      toast(texts.selectAndPress(/Mac|iPhone|iPad/.test(navigator.platform) ? strings.copyKeys.apple : strings.copyKeys.usual));
      return;
    }
    show(true);
    toast(texts.copiedWhat(what));
    clearTimeout(back);
    back = setTimeout(show, BACK_MS, false);
  });
  show(false);
  return button;
}
