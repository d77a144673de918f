// SPDX-License-Identifier: Apache-2.0
// The dialog that generates a token: the form, with what it is limited to (token-limits.js, loaded when wanted), then in the same
// dialog the token (token-result.js). Nothing that was typed is
// lost on the way: a refusal stands at its field, and a password that the server wants first is asked for right here.

import { post } from './api.js';
import { confirm, onCloseRequest } from './confirm.js';
import { byId, el, fill, whileBusy } from './dom.js';
import { boundDateField, chosenExpiry, fillExpiryOptions, proposeExpiry } from './expiry.js';
import { clearErrors, makeRevealable, setFieldError, showError } from './form.js';
import { proofOf } from './proof.js';
import { chooseGroup, chooseScope, chooseScopes, chosenScopes, drawGroups, fillScopeChoices, filterScopeChoices, inWords, isOfSeveral, mixesOwn, presetsOf } from './scope-choices.js';
import { tokenStrings } from './strings-generate.js';
import { strings } from './strings.js';
import { resultView } from './token-result.js';

const NAME_MAX = 64;
const NOTE_MAX = 200;
// As the server: control characters, line separators, and what changes the direction of text.
const BAD_CHARACTERS = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
const texts = tokenStrings.generate;

/** Sixteen random bytes in hex; randomUUID() would need https. */
export function newIdempotencyKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Wires the dialog up; returns { open(catalog, prefill), showToken(token, secret, title) }, of which the second shows one that was made elsewhere. `onCreated(token)` is called for each new token (without its secret),
 * `onUncertain()` when the dialog closes after a request of which we do not know what became of it, `onClosed()` always.
 * `liveNames()` are the names that are taken.
 */
export function tokenDialog({ onCreated, onUncertain, onClosed, liveNames }) {
  const dialog = byId('token-dialog');
  const form = byId('token-form');
  const choices = byId('token-scopes-list');
  const dateField = byId('token-expires-date');
  const result = resultView(dialog, () => dialog.close());
  const limitsBox = byId('token-limits');
  const proof = proofOf(form, byId('token-proof'), texts.comeAgain, refresh);
  let limits = null; // the section, once it was wanted
  let limitsLoading = null;
  let catalog = null;
  let attempt = null; // { body, key } of a request whose fate is unknown: sent again, it must not make a second token
  let isUncertain = false;
  let untouched = '';
  let wasNamed = false; // nobody is told to enter a name before having had the chance

  // --- what is in the form -------------------------------------------------------------------------

  const name = () => form.elements.name.value.trim();
  const note = () => form.elements.note.value.trim();
  const scopes = () => chosenScopes(choices);
  const expiry = () => chosenExpiry(form.elements.expires.value, dateField, catalog.policy);
  const limited = () => limits?.value(scopes());
  const contents = () => JSON.stringify([name(), note(), scopes(), form.elements.expires.value, dateField.value, { ...limited(), products: limits?.isOnlyProducts() || undefined }]);

  function nameError() {
    const n = [...name()].length;
    if (n > NAME_MAX) return texts.nameTooLong(n);
    if (BAD_CHARACTERS.test(name())) return texts.badCharacters;
    return liveNames().includes(name()) ? texts.nameTaken : '';
  }

  function noteError() {
    const n = [...note()].length;
    if (n > NOTE_MAX) return texts.noteTooLong(n);
    return BAD_CHARACTERS.test(note()) ? texts.badCharacters : '';
  }

  /** Why nothing can be generated yet, or null. */
  function missing() {
    if (!name() && !scopes().length) return texts.needBoth;
    if (!name()) return texts.needName;
    if (nameError()) return texts.needOtherName;
    if (!scopes().length) return texts.needScope;
    if (!expiry().ready) return texts.needDate;
    if (noteError()) return texts.needShorterNote;
    return proof.isLacking() ? texts.needPassword : null;
  }

  function summary() {
    const inShort = limits?.short(scopes());
    return [texts.summary({ ...inWords(scopes(), catalog), until: expiry().until }), inShort && limits.sentence(inShort)].filter(Boolean).join(' ');
  }

  function refresh() {
    byId('token-date-field').hidden = form.elements.expires.value !== 'custom';
    byId('token-expires-text').textContent = expiry().text;
    byId('token-expires-text').classList.toggle('warn-text', Boolean(expiry().isWarning));
    byId('token-scopes-count').textContent = texts.selected(scopes().length);
    byId('token-scopes-clear').disabled = scopes().length === 0;
    limits?.draw(scopes());
    byId('token-limits-short').textContent = limits?.short(scopes()) ?? '';
    byId('token-reason').textContent = missing() ?? summary();
    byId('token-submit').disabled = missing() !== null;
    byId('token-submit').textContent = proof.isAsked() ? texts.submitProven : texts.submit;
    drawGroups(choices);
  }

  // --- judging while it is filled in -----------------------------------------------------------------

  /** What is wrong with a text is said when it is left, and unsaid as soon as it is right. */
  function judge(field, error, isLeft) {
    const slot = form.querySelector(`[data-error-for="${field}"]`);
    if (isLeft || (slot.textContent && !error)) setFieldError(form, field, error);
  }

  const judgeName = (isLeft) => judge('name', nameError() || (isLeft && wasNamed && !name() ? texts.nameRequired : ''), isLeft);
  const judgeNote = (isLeft) => judge('note', noteError(), isLeft);

  function judgeDate() {
    const isCustom = form.elements.expires.value === 'custom';
    setFieldError(form, 'expires_at', (isCustom && dateField.value && expiry().error) || '');
  }

  function filterScopes() {
    const shown = filterScopeChoices(choices, byId('token-scopes-search').value);
    byId('token-scopes-none').textContent = shown ? '' : texts.noMatch;
  }

  /** Scopes of patd itself beside others are a matter of limits, and the sentence at the end says so. */
  function scopesChosen() {
    setFieldError(form, 'scopes', '');
    if (!limits && mixesOwn(scopes(), catalog)) loadLimits().then(refresh, () => {}); // asked for again before it is needed
  }

  form.addEventListener('input', ({ target }) => {
    if (target.name === 'name') {
      wasNamed = true;
      judgeName(false);
    }
    if (target.name === 'note') judgeNote(false);
    if (target.name === 'password') setFieldError(form, 'password', '');
    if (target.dataset.group) chooseGroup(choices, target);
    if (target.dataset.scope) chooseScope(choices, target);
    if (target.dataset.group || target.dataset.scope) scopesChosen();
    if (target.id === 'token-scopes-search') filterScopes();
    if (target.name === 'expires' || target === dateField) judgeDate();
    refresh();
  });
  form.elements.name.addEventListener('blur', () => judgeName(true));
  form.elements.note.addEventListener('blur', () => judgeNote(true));
  byId('token-scopes-search').addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());
  byId('token-scopes-clear').addEventListener('click', () => {
    chooseScopes(choices, []);
    refresh();
    byId('token-scopes-search').focus(); // the button has just been disabled
  });
  makeRevealable(form);

  // --- what it is limited to -------------------------------------------------------------------------

  async function loadLimits() {
    limitsLoading ??= import('./token-limits.js').then(({ limitsSection }) => limitsSection(form, byId('token-limits-body'), refresh));
    try {
      const section = await limitsLoading;
      if (limits) return;
      limits = section;
      await limits.reset(catalog);
    } catch (error) {
      limitsLoading = null;
      throw error;
    }
  }

  /** Resolves once everything is there to be seen. */
  async function openLimits() {
    limitsBox.open = true;
    const load = async () => {
      await loadLimits();
      refresh();
      await limits.load();
    };
    await (limits ? load() : fill(byId('token-limits-body'), load, strings.error));
  }

  limitsBox.addEventListener('toggle', async () => {
    if (!limitsBox.open) return;
    await openLimits();
    limitsBox.scrollIntoView({ block: 'nearest' });
  });

  // --- generating ------------------------------------------------------------------------------------

  async function create() {
    if (mixesOwn(scopes(), catalog)) await loadLimits();
    const body = { name: name(), scopes: scopes(), ...(note() && { note: note() }), ...expiry().body, ...(limited() && { limits: limited() }) };
    const isRepeat = attempt && JSON.stringify(attempt.body) === JSON.stringify(body);
    attempt = isRepeat ? attempt : { body, key: newIdempotencyKey() };
    const { token: secret, ...token } = await post('/tokens', body, { 'Idempotency-Key': attempt.key });
    attempt = null;
    onCreated(token);
    if (!secret) throw new Error(texts.lost(token.name));
    form.hidden = true;
    dialog.classList.remove('wide');
    result.show(token, secret, tokenStrings.result.title);
  }

  async function generate() {
    try {
      await proof.give();
      await create();
    } catch (error) {
      if (error.fateUnknown) isUncertain = true;
      else attempt = null;
      if (error.reason === 'reauthentication_required') {
        await proof.ask();
      } else {
        if (/^limits\b/.test(error.field)) await openLimits();
        showError(form, error);
        form.querySelector('[data-form-error]').scrollIntoView({ block: 'nearest' });
      }
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    if (missing() === null) whileBusy(byId('token-submit'), generate);
    refresh();
  });

  // --- opening and closing -----------------------------------------------------------------------

  function fillPresets() {
    byId('token-presets').replaceChildren(...presetsOf(catalog).map(({ text, scopes: preset }) => el('button', {
      type: 'button', class: 'button small', onclick: () => {
        chooseScopes(choices, preset);
        scopesChosen();
        refresh();
      },
    }, text)));
  }

  /** Fills in what a link proposes, and says so, with whatever of it could not be had. */
  function propose(values) {
    const known = catalog.scopes.map(({ scope }) => scope);
    const wanted = [...new Set((values.scopes ?? '').split(/[\s,]+/).filter(Boolean))];
    const unknown = wanted.filter((scope) => !known.includes(scope));
    const kept = wanted.filter((scope) => known.includes(scope) && !catalog.scopes.some((each) => each.scope === scope && each.allowed));
    form.elements.name.value = values.name ?? '';
    form.elements.note.value = values.description ?? '';
    byId('token-more').open = note() !== '';
    chooseScopes(choices, wanted);
    scopesChosen();
    const unseen = limits?.unseen() ?? [];
    const notes = [
      unknown.length > 0 && texts.linkUnknown(unknown.slice(0, 10), unknown.length),
      kept.length > 0 && texts.linkNotAllowed(kept.slice(0, 10), kept.length),
      values.expires && proposeExpiry(form, dateField, values.expires, catalog.policy),
      unseen.length > 0 && limits.unseenNote(unseen),
    ].filter(Boolean);
    byId('token-requested-notes').replaceChildren(...notes.map((text) => el('li', {}, text)));
    judgeName(true);
    judgeNote(true);
    judgeDate();
  }

  async function prepare(prefill) {
    form.reset();
    if (prefill?.files || isOfSeveral(catalog)) await loadLimits();
    await limits?.reset(catalog, prefill?.files);
    fillExpiryOptions(byId('token-expires-options'), catalog.policy);
    fillScopeChoices(choices, catalog);
    fillPresets();
    byId('token-more').open = false;
    limitsBox.open = Boolean(prefill?.files);
    boundDateField(dateField, catalog.policy);
    proof.forget();
    clearErrors(form);
    byId('token-requested').hidden = !prefill || prefill.isFromToken === true;
    byId('token-requested').classList.toggle('ask', !prefill?.isOurs);
    byId('token-requested').classList.toggle('good', Boolean(prefill?.isOurs));
    byId('token-requested-here').hidden = !prefill?.isOurs;
    byId('token-requested-outside').hidden = Boolean(prefill?.isOurs);
    if (prefill) propose(prefill);
    filterScopes();
    refresh();
    untouched = contents();
    wasNamed = false;
  }

  function discardQuestion() {
    if (result.isShown()) {
      const { closeTitle: title, closeText, closeAccept: accept, closeCancel: cancel } = tokenStrings.result;
      return { title, details: [el('p', {}, closeText)], accept, cancel };
    }
    if (contents() === untouched) return null;
    return { title: texts.discardTitle, details: [el('p', {}, texts.discardText)], accept: texts.discardAccept, cancel: texts.discardCancel };
  }

  async function requestClose() {
    if (byId('token-submit').getAttribute('aria-busy') === 'true') return;
    const question = discardQuestion();
    if (!question || (await confirm(question))) dialog.close();
  }

  byId('token-cancel').addEventListener('click', requestClose);
  byId('token-close').addEventListener('click', requestClose);
  onCloseRequest(dialog, requestClose);
  dialog.addEventListener('close', () => {
    result.wipe();
    form.reset();
    if (isUncertain) onUncertain();
    isUncertain = false;
    attempt = null;
    onClosed();
  });
  addEventListener('pagehide', () => {
    result.wipe();
    form.reset();
    dialog.close();
  });

  return {
    async open(newest, prefill) {
      catalog = newest;
      await prepare(prefill);
      form.hidden = false;
      dialog.classList.add('wide');
      dialog.showModal();
      form.elements.name.focus();
      for (const part of form.querySelectorAll('.dialog-body, .column, .scope-scroll')) part.scrollTop = 0;
    },
    showToken(token, secret, title) {
      form.hidden = true;
      dialog.classList.remove('wide');
      dialog.showModal();
      result.show(token, secret, title);
    },
  };
}
