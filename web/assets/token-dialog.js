// SPDX-License-Identifier: Apache-2.0
// The dialog that generates a token: the form, then in the same dialog the token, shown this once.
// The secret lives in one field only, and is wiped from it when the dialog closes or the page goes away.

import { post } from './api.js';
import { confirm, onCloseRequest } from './confirm.js';
import { byId, el, icon, whileBusy } from './dom.js';
import { boundDateField, chosenExpiry, fillExpiryOptions } from './expiry.js';
import { clearErrors, setFieldError, showError } from './form.js';
import { fillScopeChoices, filterScopeChoices } from './scope-choices.js';
import { strings } from './strings.js';

const NAME_MAX = 64;
const PROFILE_SCOPES = ['current_user:read', 'files:read'];
const texts = strings.generate;

/** Sixteen random bytes in hex; randomUUID() would need https. */
function newIdempotencyKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Wires the dialog up; returns `open(catalog)`. `onCreated(token)` is called for each new token (without its secret),
 * `onUncertain()` when the dialog closes after a request of which we do not know what became of it.
 */
export function tokenDialog({ onCreated, onUncertain }) {
  const dialog = byId('token-dialog');
  const form = byId('token-form');
  const result = resultView(dialog);
  let policy = null;
  let attempt = null; // { body, key } of a request whose fate is unknown: sent again, it must not make a second token
  let isUncertain = false;

  // --- the form ----------------------------------------------------------------------------------

  const name = () => form.elements.name.value.trim();
  const nameLength = () => [...name()].length;
  const scopes = () => [...form.querySelectorAll('[data-scope]:checked')].map(({ value }) => value);
  const expiry = () => chosenExpiry(form.elements.expires.value, byId('token-expires-date'), policy);
  const isTouched = () => name() !== '' || scopes().length > 0;

  function missing() {
    if (nameLength() > NAME_MAX) return texts.needShorterName;
    if (!name() && !scopes().length) return texts.needBoth;
    if (!name()) return texts.needName;
    if (!scopes().length) return texts.needScope;
    return expiry().ready ? null : texts.needDate;
  }

  function summary() {
    const { until } = expiry();
    return until ? texts.summary(scopes().length, until) : texts.summaryNever(scopes().length);
  }

  function refresh() {
    byId('token-date-field').hidden = form.elements.expires.value !== 'custom';
    byId('token-expires-text').textContent = expiry().text;
    byId('token-scopes-count').textContent = texts.selected(scopes().length);
    byId('token-reason').textContent = missing() ?? summary();
    byId('token-submit').disabled = missing() !== null;
  }

  function checkName() {
    setFieldError(form, 'name', nameLength() > NAME_MAX ? texts.nameTooLong(nameLength()) : '');
  }

  function checkDate() {
    const isCustom = form.elements.expires.value === 'custom';
    setFieldError(form, 'expires_at', (isCustom && byId('token-expires-date').value && expiry().error) || '');
  }

  function prepare(catalog) {
    policy = catalog.policy;
    fillExpiryOptions(byId('token-expires-options'), policy);
    fillScopeChoices(byId('token-scopes-list'), catalog);
    form.reset();
    clearErrors(form);
    boundDateField(byId('token-expires-date'), policy);
    filterScopes();
    refresh();
  }

  function filterScopes() {
    const shown = filterScopeChoices(byId('token-scopes-list'), byId('token-scopes-search').value);
    byId('token-scopes-none').textContent = shown ? '' : texts.noMatch;
  }

  async function generate() {
    const body = { name: name(), scopes: scopes(), ...expiry().body };
    const isRepeat = attempt && JSON.stringify(attempt.body) === JSON.stringify(body);
    attempt = isRepeat ? attempt : { body, key: newIdempotencyKey() };
    try {
      const { token: secret, ...token } = await post('/tokens', body, { 'Idempotency-Key': attempt.key });
      attempt = null;
      onCreated(token);
      if (!secret) throw new Error(texts.lost(token.name));
      form.hidden = true;
      result.show(token, secret);
    } catch (error) {
      if (error.fateUnknown) isUncertain = true;
      else attempt = null;
      showError(form, error);
    }
  }

  form.addEventListener('input', (event) => {
    if (event.target.name === 'name') setFieldError(form, 'name', '');
    if (event.target.dataset.scope) setFieldError(form, 'scopes', '');
    if (event.target.id === 'token-scopes-search') filterScopes();
    if (event.target.name === 'expires' || event.target.id === 'token-expires-date') checkDate();
    refresh();
  });
  form.addEventListener('change', (event) => event.target.name === 'name' && checkName());
  byId('token-scopes-search').addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    if (missing() === null) whileBusy(byId('token-submit'), generate);
    refresh();
  });

  // --- opening and closing -----------------------------------------------------------------------

  function discardQuestion() {
    if (result.isShown()) {
      const { closeTitle: title, closeText, closeAccept: accept, closeCancel: cancel } = strings.result;
      return { title, details: [el('p', {}, closeText)], accept, cancel };
    }
    if (!isTouched()) return null;
    return { title: texts.discardTitle, details: [el('p', {}, texts.discardText)], accept: texts.discardAccept, cancel: texts.discardCancel };
  }

  async function requestClose() {
    if (byId('token-submit').getAttribute('aria-busy') === 'true') return;
    const question = discardQuestion();
    if (!question || (await confirm(question))) dialog.close();
  }

  byId('token-cancel').addEventListener('click', requestClose);
  onCloseRequest(dialog, requestClose);
  dialog.addEventListener('close', () => {
    result.wipe();
    form.reset();
    if (isUncertain) onUncertain();
    isUncertain = false;
    attempt = null;
  });
  addEventListener('pagehide', () => {
    result.wipe();
    dialog.close();
  });

  return function open(catalog) {
    prepare(catalog);
    form.hidden = false;
    dialog.showModal();
    form.elements.name.focus();
  };
}

/** The second view of the dialog. `show` puts the secret in, `wipe` takes it out again. */
function resultView(dialog) {
  const view = byId('token-result');
  const field = byId('token-secret');
  const copyButton = byId('token-copy');
  const copyCommand = byId('token-copy-command');
  const texts = strings.result;

  function announce(message) {
    byId('token-status').textContent = '';
    requestAnimationFrame(() => {
      byId('token-status').textContent = message;
    });
  }

  function selectForHand() {
    field.focus();
    field.select();
    announce(texts.pressToCopy(/Mac|iPhone|iPad/.test(navigator.platform) ? texts.keysApple : texts.keys));
  }

  /** There is no clipboard to write to on plain http other than on this very machine. */
  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  function setCopied(copied) {
    copyButton.replaceChildren(icon(copied ? 'check' : 'copy'), copied ? texts.copied : texts.copy);
  }

  function noteCopied() {
    setCopied(true);
    announce(texts.copiedAnnounce);
  }

  const command = (secret) => `curl -H "X-Figma-Token: ${secret}" ${location.origin}/v1/me`;

  copyButton.addEventListener('click', async () => ((await toClipboard(field.value)) ? noteCopied() : selectForHand()));
  copyCommand.addEventListener('click', async () => ((await toClipboard(command(field.value))) ? announce(texts.commandCopied) : selectForHand()));
  field.addEventListener('copy', () => field.selectionEnd - field.selectionStart === field.value.length && noteCopied());
  field.addEventListener('focus', () => field.select());
  byId('token-done').addEventListener('click', () => dialog.close());

  return {
    isShown: () => !view.hidden,
    show(token, secret) {
      const mayReadProfile = token.scopes.some((scope) => PROFILE_SCOPES.includes(scope));
      byId('token-result-name').textContent = token.name;
      byId('token-command').textContent = command('pat_…');
      byId('token-command-note').textContent = mayReadProfile ? '' : texts.noProfileScope;
      copyCommand.hidden = !navigator.clipboard;
      byId('token-status').textContent = '';
      setCopied(false);
      field.value = secret;
      view.hidden = false;
      dialog.setAttribute('aria-labelledby', 'token-result-title');
      copyButton.focus();
    },
    wipe() {
      field.value = '';
      view.hidden = true;
      dialog.setAttribute('aria-labelledby', 'token-dialog-title');
    },
  };
}
