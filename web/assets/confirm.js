// SPDX-License-Identifier: Apache-2.0
// A question in a dialog before something that cannot be undone; the safe answer has the focus.
// The action runs while the dialog stands, so that a failure can be told and tried again right there.

import { el, whileBusy } from './dom.js';

/**
 * Calls `handler` instead of closing `dialog` when Escape or the like asks for it. The key itself is caught because
 * browsers close dialogs, one or all at once, whatever `cancel` says when Escape is pressed repeatedly.
 */
export function onCloseRequest(dialog, handler) {
  const instead = (event) => {
    event.preventDefault();
    handler();
  };
  dialog.addEventListener('cancel', (event) => event.target === dialog && instead(event));
  dialog.addEventListener('keydown', (event) => event.key === 'Escape' && instead(event));
}

/** The field into which somebody types `word` before `yes` can be pressed; Enter in it presses it. */
function wordField({ label, word }, yes) {
  const input = el('input', { id: 'confirm-word', type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const isTyped = () => input.value.trim().toLocaleLowerCase() === word;
  yes.disabled = true;
  input.addEventListener('input', () => { yes.disabled = !isTyped(); });
  input.addEventListener('keydown', (event) => event.key === 'Enter' && isTyped() && yes.click());
  return el('div', { class: 'field' }, el('label', { for: 'confirm-word' }, label), input);
}

/**
 * Asks and resolves to true once accepted (and `action`, if given, has succeeded), else to false.
 * `details` are the nodes between title and buttons. With `typed`, { label, word }, that word has to be typed first.
 * `waiting`, { label, text }: what the button and a line above it say while the action takes long. `leave` is what `cancel` becomes
 * when the action fails and is done all the same.
 */
export function confirm({ title, details, accept, cancel, leave = cancel, typed = null, waiting = null, action = async () => {} }) {
  return new Promise((resolve) => {
    const problem = el('p', { class: 'alert', role: 'alert' });
    const status = el('p', { class: 'hint', role: 'status' });
    const yes = el('button', { type: 'button', class: 'button danger', id: 'confirm-accept' }, accept);
    const no = el('button', { type: 'button', class: 'button', id: 'confirm-cancel', autofocus: true }, cancel);
    const dialog = el('dialog', {
      class: 'dialog narrow', id: 'confirm-dialog', role: 'alertdialog', 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-details',
    },
      el('h2', { id: 'confirm-title' }, title),
      el('div', { class: 'dialog-body' }, el('div', { id: 'confirm-details' }, ...details), typed && wordField(typed, yes), problem, status),
      el('div', { class: 'actions' }, no, yes));

    const isBusy = () => yes.getAttribute('aria-busy') === 'true';
    const refuse = () => isBusy() || dialog.close();
    onCloseRequest(dialog, refuse);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'accepted');
    });
    no.addEventListener('click', refuse);
    yes.addEventListener('click', () => whileBusy(yes, async () => {
      problem.textContent = '';
      no.disabled = true; // it is too late for that
      try {
        await action();
        dialog.close('accepted');
      } catch (error) {
        problem.textContent = error.message;
        if (error.isDone) no.textContent = leave;
      } finally {
        no.disabled = false;
      }
    }, waiting && { ...waiting, status }));

    document.body.append(dialog);
    dialog.showModal();
  });
}
