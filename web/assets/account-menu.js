// SPDX-License-Identifier: Apache-2.0
// The menu under the account button, in the top-left corner: who one is, settings, theme, logging out. Works by the keys of menus:
// arrows, Home, End, Escape.

import { signOut } from './api.js';
import { byId, el, toast } from './dom.js';
import { strings } from './strings.js';

const texts = strings.frame;
const STORED = 'patd-theme'; // read by theme.js
const THEMES = ['system', 'light', 'dark'];

// --- theme ---------------------------------------------------------------------------------------

const theme = () => document.documentElement.style.colorScheme || 'system';

function setTheme(name) {
  document.documentElement.style.colorScheme = name === 'system' ? '' : name;
  try {
    if (name === 'system') localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, name);
  } catch { /* then it holds for this page */ }
}

function themeChoice(name) {
  return el('button', { type: 'button', role: 'menuitemradio', class: 'theme-choice', tabindex: -1, id: `theme-${name}`, data: { theme: name } }, texts.themes[name]);
}

function showTheme(menu) {
  for (const choice of menu.querySelectorAll('[data-theme]')) choice.setAttribute('aria-checked', String(choice.dataset.theme === theme()));
}

// --- menu ----------------------------------------------------------------------------------------

async function logOut(leaveTo) {
  const chosen = theme();
  try {
    await signOut();
    setTheme(chosen); // a browser told to forget all it stored forgot that as well
    location.replace(leaveTo ?? '/signin');
  } catch (error) {
    toast(error.message);
  }
}

function build(leaveTo) {
  return el('div', { class: 'account-menu', id: 'account-menu', hidden: true },
    el('div', { class: 'account-who' },
      el('span', { class: 'avatar', 'aria-hidden': 'true' }),
      el('p', {}, el('strong', { data: { person: 'name' } }), el('span', { class: 'sub', data: { person: 'email' } }))),
    el('div', { role: 'menu', 'aria-labelledby': 'account-button' },
      !leaveTo && el('a', { role: 'menuitem', class: 'menu-item', tabindex: -1, id: 'account-settings', href: '/settings/account' }, texts.settings),
      el('div', { role: 'group', class: 'theme', 'aria-labelledby': 'theme-label' },
        el('span', { id: 'theme-label' }, texts.theme),
        el('div', { class: 'theme-choices', role: 'presentation' }, ...THEMES.map(themeChoice))),
      el('div', { class: 'menu-end', role: 'presentation' },
        el('button', { type: 'button', role: 'menuitem', class: 'menu-item', tabindex: -1, id: 'account-signout', onclick: () => logOut(leaveTo) }, texts.logOut))));
}

/** Where a key leads from an item, or undefined: up and down through all of them, sideways through the themes. */
function targetOf(key, items, at) {
  const isTheme = items[at]?.dataset.theme !== undefined;
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1, ...(isTheme && { ArrowRight: at + 1, ArrowLeft: at - 1 }) }[key];
  return next === undefined ? undefined : items.at(next % items.length);
}

export function startAccountMenu(leaveTo) {
  const button = byId('account-button');
  const menu = build(leaveTo);
  const items = [...menu.querySelectorAll('[role^="menuitem"]')];

  function open(focusOn) {
    showTheme(menu);
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    focusOn.focus();
  }

  function close() {
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  }

  button.after(menu);
  button.addEventListener('click', () => (menu.hidden ? open(items[0]) : close()));
  button.addEventListener('keydown', (event) => {
    const target = { ArrowDown: items[0], ArrowUp: items.at(-1) }[event.key];
    if (!target) return;
    event.preventDefault();
    open(target);
  });
  menu.addEventListener('keydown', (event) => {
    const target = targetOf(event.key, items, items.indexOf(document.activeElement));
    if (target) {
      event.preventDefault();
      target.focus();
    } else if (event.key === 'Escape') {
      close();
      button.focus();
    } else if (event.key === 'Tab') {
      close();
    }
  });
  menu.addEventListener('click', (event) => {
    const choice = event.target.closest('[data-theme]');
    if (choice) {
      setTheme(choice.dataset.theme);
      showTheme(menu);
    } else if (event.target.closest('a')) {
      button.focus(); // where what opens now leads back to
      close();
    }
  });
  document.addEventListener('pointerdown', (event) => menu.parentElement.contains(event.target) || close());
}
