// SPDX-License-Identifier: Apache-2.0
// Taking scopes away from a living token: all that it has now are ticked, and what is unticked it loses. Nothing can be given.

import { get, patch } from './api.js';
import { onCloseRequest } from './confirm.js';
import { el, whileBusy } from './dom.js';
import { limitsStrings } from './strings-limits.js';
import { strings } from './strings.js';

const texts = limitsStrings.narrow;
const MAKES = 'tokens:write';

function choice(name, catalog, checked) {
  const box = el('input', { type: 'checkbox', value: name, checked, data: { keep: name } });
  const description = catalog.scopes.find(({ scope }) => scope === name)?.description;
  return el('label', { class: 'scope' }, box, el('span', { class: 'scope-text' }, el('code', {}, name), el('span', { class: 'sub' }, description)));
}

/** Asks which; resolves to { tokens, words, receipt } once they are taken away, or to null. Of those, `keep` are ticked at first. Another tab may have taken
 * some meanwhile, so it is read anew. `onDone` is called when they are taken away and it is only not yet so everywhere. */
export async function narrow({ id }, catalog, keep, onDone) {
  const token = await get(`/tokens/${id}`);
  return new Promise((resolve) => {
    let answer = null;
    const problem = el('p', { class: 'alert', role: 'alert' });
    const reason = el('p', { class: 'reason', id: 'narrow-reason', 'aria-live': 'polite' });
    const cancel = el('button', { type: 'button', class: 'button', id: 'narrow-cancel' }, texts.cancel);
    const accept = el('button', { type: 'submit', class: 'button danger', id: 'narrow-accept', 'aria-describedby': 'narrow-reason' }, texts.accept);
    const form = el('form', { class: 'dialog-form', method: 'post', novalidate: true },
      el('h2', { id: 'narrow-title', dir: 'auto' }, texts.title(token.name)),
      el('div', { class: 'dialog-body' },
        problem,
        el('p', { id: 'narrow-text' }, texts.text, token.scopes.includes(MAKES) && ` ${texts.made}`),
        el('fieldset', { class: 'narrow-scopes' }, el('legend', { class: 'visually-hidden' }, texts.scopes), ...token.scopes.map((name) => choice(name, catalog, keep?.includes(name) ?? true)))),
      el('div', { class: 'actions' }, reason, cancel, accept));
    const dialog = el('dialog', { class: 'dialog narrow details', id: 'narrow-dialog', 'aria-labelledby': 'narrow-title', 'aria-describedby': 'narrow-text' }, form);

    const kept = () => [...form.querySelectorAll('[data-keep]:checked')].map(({ value }) => value);

    function draw() {
      const lost = token.scopes.length - kept().length;
      const isPossible = lost > 0 && kept().length > 0;
      reason.textContent = isPossible ? texts.losing(lost) : lost ? texts.keepOne : texts.needOne;
      accept.disabled = !isPossible;
    }

    const close = () => form.querySelector('[aria-busy="true"]') || dialog.close();
    form.addEventListener('input', draw);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (accept.disabled) return;
      whileBusy(accept, async () => {
        problem.textContent = '';
        const scopes = kept();
        try {
          const { receipt, ...narrowed } = await patch(`/tokens/${id}`, { scopes });
          answer = { tokens: [narrowed], words: texts.done(token.scopes.length - scopes.length, token.name), receipt };
          dialog.close();
        } catch (error) {
          problem.textContent = error.message;
          if (!error.isDone) return;
          cancel.textContent = strings.revoke.leave;
          await onDone();
        }
      }, { ...strings.revoke.waiting, status: reason });
    });
    cancel.addEventListener('click', close);
    onCloseRequest(dialog, close);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    draw();
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector('input').focus();
  });
}
