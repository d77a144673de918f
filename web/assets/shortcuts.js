// SPDX-License-Identifier: Apache-2.0
// Keys that do something by themselves. They keep quiet while somebody types or a dialog is open, and can be switched off:
// who speaks to their computer would press them by accident (WCAG 2.1.4).

import { byId } from './dom.js';

const STORED = 'patd-shortcuts';

function isOff() {
  try {
    return localStorage.getItem(STORED) === 'off';
  } catch {
    return false; // no storage for this page: then nothing can be remembered
  }
}

function remember(isOn) {
  try {
    if (isOn) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, 'off');
  } catch { /* see above */ }
}

const isTyping = ({ target }) => target.closest?.('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]');

/** `keys`: key → what it does. The switch is #shortcuts. */
export function startShortcuts(keys) {
  const box = byId('shortcuts');
  box.checked = !isOff();
  box.addEventListener('change', () => remember(box.checked));
  document.addEventListener('keydown', (event) => {
    const work = Object.hasOwn(keys, event.key) && keys[event.key];
    if (!work || !box.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    if (isTyping(event) || document.querySelector('dialog[open]') || !box.checkVisibility()) return;
    event.preventDefault();
    work();
  });
}
