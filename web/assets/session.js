// SPDX-License-Identifier: Apache-2.0
// The signed-in person on a page: who it is, the account menu in the top-left corner, signing out.
// A page brought back from the back/forward cache is shown again only after its session has been checked.

import { openSession, signOut } from './api.js';
import { byId, toast } from './dom.js';

function initials(name) {
  const words = name.trim().split(/\s+/);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map((word) => [...word][0] ?? '').join('').toUpperCase();
}

function showPerson(person) {
  for (const node of document.querySelectorAll('[data-person]')) node.textContent = person[node.dataset.person];
  for (const node of document.querySelectorAll('.avatar')) node.textContent = initials(person.name);
}

function startMenu() {
  const button = byId('account-button');
  const menu = byId('account-menu');
  const items = [...menu.querySelectorAll('[role="menuitem"]')];

  function open(focusOn) {
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    focusOn?.focus();
  }

  function close() {
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  }

  button.addEventListener('click', () => (menu.hidden ? open(items[0]) : close()));
  button.addEventListener('keydown', (event) => {
    const target = { ArrowDown: items[0], ArrowUp: items.at(-1) }[event.key];
    if (!target) return;
    event.preventDefault();
    open(target);
  });

  menu.addEventListener('keydown', (event) => {
    const at = items.indexOf(document.activeElement);
    const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in targets) {
      event.preventDefault();
      items.at(targets[event.key] % items.length).focus();
    } else if (event.key === 'Escape') {
      close();
      button.focus();
    } else if (event.key === 'Tab') {
      close();
    }
  });

  document.addEventListener('pointerdown', (event) => {
    if (!menu.parentElement.contains(event.target)) close();
  });

  byId('account-signout').addEventListener('click', async () => {
    try {
      await signOut();
      location.replace('/signin');
    } catch (error) {
      toast(error.message);
    }
  });
}

function recheckWhenRestored() {
  addEventListener('pageshow', async (event) => {
    if (!event.persisted) return;
    const main = document.querySelector('main');
    main.hidden = true;
    try {
      showPerson((await openSession()).person);
      main.hidden = false;
    } catch {
      location.reload();
    }
  });
}

/** Starts a signed-in page and returns its session. */
export async function startSession() {
  startMenu();
  recheckWhenRestored();
  const session = await openSession();
  showPerson(session.person);
  return session;
}
