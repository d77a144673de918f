// SPDX-License-Identifier: Apache-2.0
// The frame of every page of somebody signed in. Such a page has a <header class="bar"> that begins with #account (see home.html),
// frame.css, theme.js in its head, #toasts at its end; and calls startFrame(). Links to /settings/… then open over the page, at
// their own address: reloaded, sent to somebody, or opened in a tab of its own, it is the page settings.html.

import { startAccountMenu } from './account-menu.js';
import { watchDialogs } from './dialogs.js';
import { startSession } from './session.js';

const isSettings = (path) => path.startsWith('/settings/');
const isPlainClick = (event) => !(event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

let dialog = null; // the module, once it was wanted

async function showSettings(url, isNew) {
  try {
    dialog = await import('./settings-dialog.js');
    await dialog.openSettings(url, isNew);
  } catch {
    location.assign(url); // as a page it works, or says what is wrong
  }
}

function startSettingsOverPage() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="/settings/"]');
    if (!link || !isPlainClick(event)) return;
    event.preventDefault();
    showSettings(new URL(link.href), true);
  });
  addEventListener('popstate', () => {
    if (isSettings(location.pathname)) showSettings(new URL(location.href), false);
    else dialog?.hideSettings();
  });
}

/** Starts the frame, and returns the session. `leaveTo`: where logging out leads; then there are no settings either. */
export function startFrame({ leaveTo } = {}) {
  startAccountMenu(leaveTo);
  watchDialogs();
  if (!leaveTo && !isSettings(location.pathname)) startSettingsOverPage();
  return startSession();
}
