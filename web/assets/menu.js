// SPDX-License-Identifier: Apache-2.0
// A button with a menu under it, by the keys of menus: arrows, Home, End, a first letter, Escape. The entries are asked for when it
// opens, so that they are those of that moment.

import { drawing, el } from './dom.js';

const DOTS = 'M3.25 7.75v.5M8 7.75v.5M12.75 7.75v.5';

let closeOpen = null; // only one is open at a time

function entryNode(entry, close) {
  const attributes = {
    role: 'menuitem', class: `menu-item${entry.isDanger ? ' danger' : ''}`, tabindex: -1, 'aria-label': entry.name, data: { testid: entry.id },
  };
  if (entry.href) return el('a', { ...attributes, href: entry.href, download: entry.download, onclick: () => close() }, entry.label);
  return el('button', { ...attributes, type: 'button', onclick: () => { close(true); entry.action(); } }, entry.label);
}

function targetOf(event, items, at) {
  const place = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (place !== undefined) return items.at(place % items.length);
  if (event.key.length > 1 || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const letter = event.key.toLocaleLowerCase();
  const turned = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return turned.find((item) => item.textContent.trim().toLocaleLowerCase().startsWith(letter));
}

/**
 * `entries()` gives [{ id, label, name?, action | href, download?, isDanger? }]. Without `face` the button shows three dots; `label`
 * is what it is called. The place returned has the button as its first child.
 */
export function menuButton({ label, entries, face, className = 'quiet', menuClass = '', testid }) {
  const button = el('button', {
    type: 'button', class: className, 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': label, data: { testid },
  }, face ?? drawing(DOTS));
  const menu = el('div', { role: 'menu', class: `menu ${menuClass}`, 'aria-label': label, hidden: true });
  const place = el('div', { class: 'menu-place' }, button, menu);

  function close(isBack) {
    if (menu.hidden) return;
    menu.hidden = true;
    menu.replaceChildren();
    button.setAttribute('aria-expanded', 'false');
    closeOpen = null;
    if (isBack) button.focus();
  }

  function open(at) {
    closeOpen?.();
    menu.replaceChildren(...entries().map((entry) => entryNode(entry, close)));
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    closeOpen = close;
    menu.children[at === -1 ? menu.children.length - 1 : at]?.focus();
    menu.scrollIntoView({ block: 'nearest' });
  }

  button.addEventListener('click', () => (menu.hidden ? open(0) : close(true)));
  button.addEventListener('keydown', (event) => {
    const at = { ArrowDown: 0, ArrowUp: -1 }[event.key];
    if (at === undefined) return;
    event.preventDefault();
    open(at);
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close(true);
      return;
    }
    if (event.key === 'Tab') {
      close();
      return;
    }
    const items = [...menu.children];
    const target = targetOf(event, items, items.indexOf(document.activeElement));
    if (!target) return;
    event.preventDefault();
    target.focus();
  });
  return place;
}

document.addEventListener('pointerdown', (event) => event.target.closest?.('.menu-place:has([aria-expanded="true"])') || closeOpen?.());
