// SPDX-License-Identifier: Apache-2.0
// Everything there is to know about one token, in a dialog: times in full, each scope and limit in words, and its id as logs name it.

import { onCloseRequest } from './confirm.js';
import { el } from './dom.js';
import { limitsNode } from './limits-node.js';
import { strings } from './strings.js';
import { full, relative, utcElement } from './time.js';
import { canRotate, stateBadge } from './tokens-table.js';
import { isReplaced, stateOf } from './tokens-view.js';

const texts = strings.details;
const isUtc = ['UTC', 'Etc/UTC', 'GMT'].includes(new Intl.DateTimeFormat().resolvedOptions().timeZone);

function fact(term, ...values) {
  return el('div', {}, el('dt', {}, term), el('dd', {}, ...values));
}

/** An instant as people say it, then by their own clock, then exactly. */
const ago = (instant) => [el('span', {}, relative(instant)), !isUtc && el('span', { class: 'sub' }, full(instant)), utcElement(instant)];

/** The same of an instant that a badge counts down to. */
const end = (instant) => [el('span', {}, full(instant)), !isUtc && utcElement(instant)];

function ending(token) {
  if (stateOf(token) === 'revoked') return fact(texts.revoked, ...ago(token.revoked_at), el('span', { class: 'sub' }, strings.tokens.revokedBy[token.revoked_reason]));
  if (!token.expires_at) return fact(texts.expires, texts.never);
  return fact(stateOf(token) === 'expired' ? texts.expired : texts.expires, ...end(token.expires_at));
}

function used(token) {
  if (!token.last_used_at) return [fact(texts.lastUsed, strings.tokens.neverUsed)];
  return [
    fact(texts.lastUsed, ...ago(token.last_used_at), el('span', { class: 'sub' }, texts.precision)),
    fact(texts.uses, String(token.use_count)),
  ];
}

function scopeList(token, catalog) {
  const describe = (name) => catalog.scopes.find(({ scope }) => scope === name)?.description;
  return el('ul', { class: 'scope-facts' }, ...token.scopes.map((name) => el('li', {}, el('code', {}, name), el('span', { class: 'sub' }, describe(name)))));
}

/** The token that has replaced it, and the one that it has replaced, as far as those are still listed. */
function others(token, { newerOf, olderOf }) {
  const other = (term, { hint }, words) => fact(term, el('code', {}, hint), el('span', { class: 'sub' }, words));
  const [newer, older] = [newerOf(token), olderOf(token)];
  return [
    newer && other(texts.replacedBy, newer, isReplaced(token) && texts.replacedByHint(full(token.expires_at))),
    older && other(texts.replaces, older, isReplaced(older) ? texts.replacesHint(full(older.expires_at)) : texts.replacesEnded),
  ];
}

/** Shows the dialog. `onRotate(token)`, `onRevoke(token)`, `onNarrow(token, keep)` or `onGenerate(prefill)` of `context` is called once it has closed, if that is what was chosen. */
export async function showDetails(token, catalog, context) {
  const { onRotate, onRevoke, onNarrow, onGenerate } = context;
  let then = null;
  const isLive = stateOf(token) === 'live';
  const close = el('button', { type: 'button', class: 'button', id: 'details-close', autofocus: true }, texts.close);
  const revoke = el('button', { type: 'button', class: 'button danger-text', id: 'details-revoke' }, strings.tokens.revoke);
  const rotate = el('button', { type: 'button', class: 'button', id: 'details-rotate' }, strings.tokens.rotate);
  const narrow = el('button', { type: 'button', class: 'button', id: 'details-narrow' }, texts.narrow);
  const usage = token.last_used_at && el('section', { class: 'usage', id: 'token-usage', 'aria-busy': 'true' });
  const advice = el('div', { id: 'token-advice' });
  const dialog = el('dialog', { class: 'dialog narrow details', id: 'token-details', 'aria-labelledby': 'details-title' },
    el('h2', { id: 'details-title', dir: 'auto' }, token.name),
    el('div', { class: 'dialog-body', tabindex: 0, role: 'group', 'aria-labelledby': 'details-title' },
      el('p', { class: 'details-state' }, stateBadge(token), el('code', {}, token.hint)),
      token.note && el('p', { class: 'details-note', dir: 'auto' }, token.note),
      advice,
      el('dl', { class: 'facts' },
        fact(texts.created, ...ago(token.created_at)),
        ending(token),
        ...others(token, context),
        ...used(token),
        fact(texts.scopes, scopeList(token, catalog)),
        token.limits && fact(texts.limits, limitsNode(token.limits)),
        token.made_by && fact(texts.madeBy, el('code', { class: 'token-id' }, token.made_by), el('span', { class: 'sub' }, texts.madeByHint)),
        fact(texts.id, el('code', { class: 'token-id' }, token.id), el('span', { class: 'sub' }, texts.idHint))),
      usage),
    el('div', { class: 'actions' }, isLive && revoke, canRotate(token, context) && rotate, isLive && token.scopes.length > 1 && narrow, close));

  onCloseRequest(dialog, () => dialog.close());
  close.addEventListener('click', () => dialog.close());
  const leaveFor = (work) => () => {
    then = work;
    dialog.close();
  };
  revoke.addEventListener('click', leaveFor(onRevoke));
  rotate.addEventListener('click', leaveFor(onRotate));
  narrow.addEventListener('click', leaveFor(onNarrow));
  dialog.addEventListener('close', () => {
    dialog.remove();
    then?.(token);
  });
  document.body.append(dialog);
  dialog.showModal();
  if (!usage) return;
  const { showUsage } = await import('./token-usage.js');
  await showUsage(usage, advice, token, { narrowTo: (keep) => leaveFor(() => onNarrow(token, keep))(), generate: (prefill) => leaveFor(() => onGenerate(prefill))() });
}
