// SPDX-License-Identifier: Apache-2.0
// What floats over a row of the list: the names of a token's scopes, and the menu of what can be done with it.
// One thing floats at a time. While it does, its row must stay where it is: whoever draws the list asks here.

import { el } from './dom.js';

let floating = null; // { box, close, isMenu }
let onSettled = () => {};
let ids = 0;

/** Whether something floats; with a node, whether it does in there. */
export const isFloating = (node) => floating !== null && (!node || node.contains(floating.box));

export const closeFloating = () => floating?.close();

/** Calls `work` each time when what floated has been closed. */
export function whenSettled(work) {
  onSettled = work;
}

function take(box, close, isMenu = false) {
  floating?.close();
  floating = { box, close, isMenu };
}

function release(box) {
  if (floating?.box !== box) return;
  floating = null;
  queueMicrotask(() => floating ?? onSettled());
}

addEventListener('pointerdown', (event) => floating?.box.contains(event.target) || floating?.close());
addEventListener('keydown', (event) => event.key === 'Escape' && closeFloating());

/** Shows `popover` while the pointer or the focus is in `box`, and after a tap on `button`. */
export function attachPopover(box, button, popover) {
  const setOpen = (open) => {
    popover.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  };
  // Scrolled by keys where it has to be: at once, or because what is in it or the window has changed.
  new ResizeObserver(() => { popover.tabIndex = popover.scrollHeight > popover.clientHeight ? 0 : -1; }).observe(popover);
  const close = () => {
    setOpen(false);
    release(box);
  };
  const open = () => {
    if (!popover.hidden) return;
    take(box, close);
    setOpen(true);
  };
  const isMouse = (event) => event.pointerType === 'mouse';

  // A pointer that only passes by closes no menu.
  box.addEventListener('pointerenter', (event) => isMouse(event) && !floating?.isMenu && open());
  box.addEventListener('pointerleave', (event) => isMouse(event) && !popover.hidden && !box.contains(document.activeElement) && close());
  box.addEventListener('focusout', (event) => popover.hidden || box.contains(event.relatedTarget) || close());
  button.addEventListener('focus', open);
  button.addEventListener('click', open);
}

/** Makes `button` in `box` open a menu of `items`, [{ text, run, danger, testid }]; `run` is called after it has closed. */
export function attachMenu(box, button, label, items) {
  const id = `menu-${(ids += 1)}`;
  let menu = null;

  function close() {
    menu?.remove();
    menu = null;
    button.setAttribute('aria-expanded', 'false');
    release(box);
  }

  function choose(run) {
    close();
    button.focus();
    run();
  }

  function move(event) {
    const entries = [...menu.children];
    const at = entries.indexOf(document.activeElement);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      entries.at(target % entries.length).focus();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      close();
      button.focus();
    } else if (event.key === 'Tab') {
      close();
    }
  }

  function open(at) {
    take(box, close, true);
    const entries = items.map(({ text, run, danger, testid }) => el('button', {
      type: 'button', role: 'menuitem', class: `menu-item${danger ? ' bad' : ''}`, tabindex: -1, data: { testid }, onclick: () => choose(run),
    }, text));
    menu = el('div', { class: 'menu', id, role: 'menu', 'aria-label': label, onkeydown: move }, ...entries);
    box.append(menu);
    button.setAttribute('aria-expanded', 'true');
    button.setAttribute('aria-controls', id);
    entries.at(at).focus();
  }

  button.setAttribute('aria-haspopup', 'menu');
  button.setAttribute('aria-expanded', 'false');
  button.addEventListener('click', () => (menu ? close() : open(0)));
  button.addEventListener('keydown', (event) => {
    const at = { ArrowDown: 0, ArrowUp: -1 }[event.key];
    if (at === undefined || menu) return;
    event.preventDefault();
    open(at);
  });
}
