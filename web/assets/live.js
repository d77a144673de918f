// SPDX-License-Identifier: Apache-2.0
// Keeps what a page shows true while it stands open: asks again every few seconds, ever more rarely while nothing changes,
// and not at all while nobody can see it or a dialog is open. Another page of this browser that changes something says so.

const DELAYS_S = [5, 5, 10, 20, 40, 60];

/**
 * Calls `refresh` from time to time while `shown` can be seen; it resolves to whether something had changed. Pages that show the same
 * have the same `name`. `delays`: seconds between, the later the longer nothing has changed. Returns { changedHere }, to be called after a change that this page has made itself, and { soon }, when it is
 * shown again.
 */
export function keepTrue(shown, refresh, name, delays = DELAYS_S) {
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(name) : null;
  let turn = 0;
  let timer = 0;
  let isAsking = false;

  const isSeen = () => document.visibilityState === 'visible' && !document.querySelector('dialog[open]') && shown.checkVisibility();

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, delays[Math.min(turn, delays.length - 1)] * 1000);
  }

  async function ask() {
    if (isAsking || !isSeen()) return later();
    isAsking = true;
    try {
      turn = (await refresh()) ? 0 : turn + 1;
    } catch {
      turn += 1; // it is asked again, and whatever somebody does here says what is wrong
    } finally {
      isAsking = false;
    }
    return later();
  }

  function soon() {
    turn = 0;
    ask();
  }

  document.addEventListener('visibilitychange', () => isSeen() && soon());
  document.addEventListener('close', () => isSeen() && soon(), true); // of a dialog
  channel?.addEventListener('message', soon);
  later();
  return {
    soon,
    changedHere() {
      turn = 0;
      later();
      channel?.postMessage('changed');
    },
  };
}
