// SPDX-License-Identifier: Apache-2.0
// The questions before tokens are revoked: one, those that are selected, or all, which takes typing a word.
// Each resolves to what the server has answered, as that of several is, or to null when nothing was revoked. `onDone` is called when
// they are revoked and it is only not yet so everywhere, which can be waited for in the same dialog.

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

async function ask(question, revoke, onDone) {
  let answer = null;
  const action = async () => {
    try {
      answer = await revoke();
    } catch (error) {
      if (error.isDone) await onDone(); // before the dialog can be left: the list would say that it was revoked elsewhere
      throw error;
    }
  };
  const isAccepted = await confirm({ ...question, leave: texts.leave, waiting: texts.waiting, action });
  return isAccepted ? answer : null;
}

export async function revokeOne(token, onDone) {
  const facts = el('dl', { class: 'facts' }, fact(texts.token, el('code', {}, token.hint)), fact(texts.lastUsed, lastUsed(token)));
  const question = { title: texts.title(token.name), details: [facts, consequence(1)], accept: texts.accept, cancel: texts.cancel };
  const answer = await ask(question, () => del(`/tokens/${token.id}`), onDone);
  if (!answer) return null;
  const { receipt, ...revoked } = answer;
  return { tokens: [revoked], revoked: 1, receipt };
}

function names(tokens) {
  const named = tokens.length > NAMES_MAX ? tokens.slice(0, NAMES_MAX - 1) : tokens;
  const rest = tokens.length - named.length;
  return el('ul', { class: 'names' },
    ...named.map((token) => el('li', {}, el('strong', { dir: 'auto' }, token.name), el('span', { class: 'sub' }, texts.lastUsed, ' ', lastUsed(token)))),
    rest > 0 && el('li', { class: 'soft' }, texts.more(rest)));
}

export function revokeSeveral(tokens, onDone) {
  if (tokens.length === 1) return revokeOne(tokens[0], onDone);
  const n = tokens.length;
  const ids = tokens.map(({ id }) => id);
  return ask({ title: texts.titleSeveral(n), details: [names(tokens), consequence(n)], accept: texts.acceptSeveral(n), cancel: texts.cancelSeveral },
    () => post('/tokens/revoke', { ids }), onDone);
}

export async function revokeAll(n, onDone) {
  let before = 0; // revoked by an attempt that was not yet in force everywhere
  const typed = { label: texts.typeWord(texts.word), word: texts.word };
  const question = { title: texts.titleAll(n), details: [el('p', {}, texts.allText), consequence(n)], accept: texts.acceptAll, cancel: texts.cancelSeveral, typed };
  const answer = await ask(question, () => post('/tokens/revoke', { all: true }), () => {
    before = n;
    return onDone();
  });
  return answer && { ...answer, revoked: before + answer.revoked };
}
