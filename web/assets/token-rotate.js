// SPDX-License-Identifier: Apache-2.0
// Rotating a token: another one of the same name, scopes and limits takes its place, and the old one ends at once or a while later, so
// that there is time to put the new one in. What is shown of the new one is token-result.js's.

import { post } from './api.js';
import { onCloseRequest } from './confirm.js';
import { el, whileBusy } from './dom.js';
import { clearErrors, makeRevealable, setFieldError, showError } from './form.js';
import { proofOf } from './proof.js';
import { newIdempotencyKey } from './token-dialog.js';
import { rotateStrings as texts } from './strings-rotate.js';
import { strings } from './strings.js';
import { DAY_MS, day, full, timeElement } from './time.js';

const SECONDS = [0, 3600, 86_400, 604_800];
const USUAL = 86_400;
const OWN = 'own'; // the old one keeps its end, because that comes before some of the others
const END_FIELD = 'old_ends_in_seconds';

// --- what is said of the ends --------------------------------------------------------------------

const secondsLeft = ({ expires_at: at }) => (at ? Math.floor((new Date(at) - Date.now()) / 1000) : Infinity);

/** When the old one can end. A moment after its own end is none. */
function endsOf(token) {
  const sooner = SECONDS.filter((seconds) => seconds < secondsLeft(token));
  return sooner.length < SECONDS.length ? [...sooner, OWN] : sooner;
}

/** What is asked for; the server lets no token live longer than it would have. */
const secondsOf = (token, end) => (end === OWN ? SECONDS.find((seconds) => seconds >= secondsLeft(token)) : Number(end));

const momentOf = (token, end) => (end === OWN ? token.expires_at : new Date(Date.now() + Number(end) * 1000).toISOString());

/** When the new one will end, in a sentence. */
function newEnd(token, policy) {
  const max = policy.expires_in_days_max * DAY_MS;
  const life = token.expires_at ? new Date(token.expires_at) - new Date(token.created_at) : Infinity;
  if (life === Infinity && policy.never_allowed) return texts.never;
  const at = Date.now() + Math.min(life, max);
  return texts[life > max ? 'longest' : 'asLong']((life < 2 * DAY_MS ? full : day)(at));
}

// --- the dialog ----------------------------------------------------------------------------------

function choice(token, end, checked) {
  const moment = end !== 0 && timeElement(momentOf(token, end), full);
  if (moment) moment.className = 'sub';
  return el('label', { class: 'scope' },
    el('input', { type: 'radio', name: END_FIELD, value: end, checked, id: `rotate-end-${end}` }),
    el('span', { class: 'scope-text' }, texts.ends[end], moment));
}

function ends(token) {
  const offered = endsOf(token);
  const usual = offered.includes(USUAL) ? USUAL : offered.at(-1);
  return el('fieldset', { class: 'field rotate-ends', 'aria-describedby': 'rotate-hint rotate-ends-error' }, el('legend', {}, texts.legend),
    el('div', {}, ...offered.map((end) => choice(token, end, end === usual))),
    el('p', { class: 'hint', id: 'rotate-hint', 'aria-live': 'polite' }),
    el('p', { class: 'error', id: 'rotate-ends-error', data: { errorFor: END_FIELD } }));
}

/** The password, which the server may want to know first. */
function passwordPart() {
  return el('div', { class: 'proof', id: 'rotate-proof', hidden: true }, el('div', { class: 'field' },
    el('label', { for: 'rotate-password' }, texts.password),
    el('input', { class: 'visually-hidden', type: 'text', name: 'username', autocomplete: 'username', tabindex: -1, 'aria-hidden': 'true', readonly: true }),
    el('div', { class: 'with-button' },
      el('input', { id: 'rotate-password', name: 'password', type: 'password', autocomplete: 'current-password', 'aria-describedby': 'rotate-password-hint rotate-password-error' }),
      el('button', { type: 'button', class: 'reveal', data: { reveal: 'rotate-password' }, hidden: true })),
    el('p', { class: 'hint', id: 'rotate-password-hint' }, texts.passwordHint),
    el('p', { class: 'error', id: 'rotate-password-error', data: { errorFor: 'password' } })));
}

/**
 * Asks when the old one shall end, and does it; resolves to { token, secret, title, replaced, words, receipt }, or to null when it was left. `made`
 * is how many living tokens this one has made. `onDone` is called when it is done, or may be, and there is no secret to show for it.
 */
export function rotate(old, { policy }, made, onDone) {
  return new Promise((resolve) => {
    let rotated = null;
    let attempt = null; // { end, body, key } of a request whose fate is unknown: sent again, it must not make a second token
    let isUncertain = false;
    let isLost = false;
    const proofPart = passwordPart();
    const reason = el('p', { class: 'reason', id: 'rotate-reason', role: 'status' });
    const cancel = el('button', { type: 'button', class: 'button', id: 'rotate-cancel' }, texts.cancel);
    const accept = el('button', { type: 'submit', id: 'rotate-accept', 'aria-describedby': 'rotate-reason' }, texts.accept);
    const form = el('form', { class: 'dialog-form', method: 'post', novalidate: true, autocomplete: 'off' },
      el('h2', { id: 'rotate-title', dir: 'auto' }, texts.title(old.name)),
      el('div', { class: 'dialog-body' },
        el('p', { class: 'alert', role: 'alert', data: { formError: '' } }),
        el('p', { id: 'rotate-text' }, texts.text, ' ', newEnd(old, policy)),
        ends(old),
        made > 0 && el('p', { class: 'notice ask', id: 'rotate-made' }, texts.made(made))),
      proofPart,
      el('div', { class: 'actions' }, reason, cancel, accept));
    const dialog = el('dialog', { class: 'dialog narrow', id: 'rotate-dialog', 'aria-labelledby': 'rotate-title', 'aria-describedby': 'rotate-text' }, form);

    const end = () => form.querySelector(`[name="${END_FIELD}"]:checked`).value;
    const proof = proofOf(form, proofPart, texts.comeAgain, draw);

    function draw() {
      const isAtOnce = end() === '0';
      form.querySelector('#rotate-hint').textContent = isAtOnce ? texts.stops : texts.both;
      accept.className = `button ${isAtOnce ? 'danger' : 'primary'}`; // something may stop working, as after a revoke
      reason.textContent = proof.isLacking() ? texts.needPassword : '';
      accept.textContent = proof.isAsked() ? texts.acceptProven : texts.accept;
      accept.disabled = isLost || proof.isLacking();
    }

    /** There is a new one, and nobody will ever see it. */
    function lose() {
      isLost = true;
      cancel.textContent = texts.close;
      showError(form, new Error(texts.lost(old.name)));
      draw();
      cancel.focus();
    }

    function words(replaced, isEffective) {
      if (!isEffective) return texts.doneNotEverywhere(old.name, old.hint);
      const isOver = replaced.state !== 'live';
      return isOver ? texts.doneAtOnce(old.name, old.hint) : texts.done(old.name, old.hint, full(replaced.expires_at));
    }

    async function send() {
      if (attempt?.end !== end()) attempt = { end: end(), body: { [END_FIELD]: secondsOf(old, end()) }, key: newIdempotencyKey() };
      const { token: secret, replaced, effective, receipt, ...token } = await post(`/tokens/${old.id}/rotate`, attempt.body, { 'Idempotency-Key': attempt.key });
      attempt = null;
      if (secret && dialog.open) rotated = { token, secret, title: texts.resultTitle, replaced, words: words(replaced, effective), receipt };
      else await onDone();
      if (rotated) dialog.close();
      else lose();
    }

    async function attemptIt() {
      try {
        await proof.give();
        await send();
      } catch (error) {
        if (error.fateUnknown) isUncertain = true;
        else attempt = null;
        if (error.reason === 'reauthentication_required') await proof.ask();
        else showError(form, error);
        form.querySelector('[data-form-error]').scrollIntoView({ block: 'nearest' });
      }
    }

    const close = () => accept.getAttribute('aria-busy') === 'true' || dialog.close();
    form.addEventListener('input', ({ target }) => {
      setFieldError(form, target.name, '');
      draw();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (accept.disabled) return;
      clearErrors(form);
      whileBusy(accept, attemptIt, { ...strings.revoke.waiting, status: reason }).then(draw);
    });
    cancel.addEventListener('click', close);
    onCloseRequest(dialog, close);
    dialog.addEventListener('close', () => {
      form.elements.password.value = '';
      dialog.remove();
      if (isUncertain && !rotated) onDone();
      resolve(rotated);
    });
    document.body.append(dialog);
    makeRevealable(form);
    draw();
    dialog.showModal();
    form.querySelector('input:checked').focus();
  });
}
