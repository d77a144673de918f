// SPDX-License-Identifier: Apache-2.0
// What an open dialog does to the rest of the page, whichever module opened it. The page below must not move when its scroll bar
// goes; and messages in the corner must stay above the backdrop, and be read out, while everything outside of the dialog is inert.

import { byId } from './dom.js';

const root = document.documentElement;

const topmost = () => [...document.querySelectorAll('dialog[open]')].filter((dialog) => dialog.matches(':modal')).at(-1);

/** Messages stand in the topmost dialog, as a popover: it is drawn over the whole window, whatever its dialog clips. */
function liftMessages() {
  const messages = byId('toasts');
  const place = topmost() ?? document.body;
  if (!messages || messages.parentElement === place) return;
  place.append(messages);
  messages.popover = 'manual';
  messages.showPopover();
}

/** The place of the scroll bar is kept only where there was one. */
function keepWidth() {
  root.classList.toggle('keeps-bar', topmost() !== undefined && root.scrollHeight > root.clientHeight);
}

/** Called once. A dialog that opens or closes is noticed before the page is drawn again. */
export function watchDialogs() {
  new MutationObserver(() => {
    keepWidth();
    liftMessages();
  }).observe(document, { subtree: true, attributeFilter: ['open'] });
}
