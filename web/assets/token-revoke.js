// SPDX-License-Identifier: Apache-2.0
// The questions before tokens are revoked: one, those that are selected, or all, which takes typing a word.
// Each resolves to what the server has answered, or to null when nothing was revoked.

import { del, post } from './api.js';
import { confirm } from './confirm.js';
import { el } from './dom.js';
import { strings } from './strings.js';
import { relative, timeElement } from './time.js';

const NAMES_MAX = 6;
const texts = strings.revoke;

const fact = (term, value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));
const lastUsed = (token) => (token.last_used_at ? timeElement(token.last_used_at, relative) : strings.tokens.neverUsed);
const consequence = (n) => el('p', {}, texts.consequence(n));

async function ask(question, revoke) {
  let answer = null;
  const isAccepted = await confirm({ ...question, action: async () => { answer = await revoke(); } });
  return isAccepted ? answer : null;
}

export function revokeOne(token) {
  const facts = el('dl', { class: 'facts' }, fact(texts.token, el('code', {}, token.hint)), fact(texts.lastUsed, lastUsed(token)));
  return ask({ title: texts.title(token.name), details: [facts, consequence(1)], accept: texts.accept, cancel: texts.cancel }, () => del(`/tokens/${token.id}`));
}

function names(tokens) {
  const named = tokens.length > NAMES_MAX ? tokens.slice(0, NAMES_MAX - 1) : tokens;
  const rest = tokens.length - named.length;
  return el('ul', { class: 'names' },
    ...named.map((token) => el('li', {}, el('strong', { dir: 'auto' }, token.name), el('span', { class: 'sub' }, texts.lastUsed, ' ', lastUsed(token)))),
    rest > 0 && el('li', { class: 'soft' }, texts.more(rest)));
}

export async function revokeSeveral(tokens) {
  if (tokens.length === 1) {
    const revoked = await revokeOne(tokens[0]);
    return revoked && [revoked];
  }
  const n = tokens.length;
  const ids = tokens.map(({ id }) => id);
  const answer = await ask({ title: texts.titleSeveral(n), details: [names(tokens), consequence(n)], accept: texts.acceptSeveral(n), cancel: texts.cancelSeveral },
    () => post('/tokens/revoke', { ids }));
  return answer && answer.tokens;
}

export function revokeAll(n) {
  const typed = { label: texts.typeWord(texts.word), word: texts.word };
  return ask({ title: texts.titleAll(n), details: [el('p', {}, texts.allText), consequence(n)], accept: texts.acceptAll, cancel: texts.cancelSeveral, typed },
    () => post('/tokens/revoke', { all: true }));
}
