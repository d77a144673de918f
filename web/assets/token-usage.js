// SPDX-License-Identifier: Apache-2.0
// What a token was used for, in its details: a chart of thirty days, its operations, which scopes they took, from where; with a way to
// take away what it does not use, and to give each of two integrations that share it a token of its own.

import { get } from './api.js';
import { el, fill, loadStyle } from './dom.js';
import { inShort } from './limits-words.js';
import { sorted, withoutFiles } from './limits.js';
import { usageStrings as texts } from './strings-usage.js';
import { strings } from './strings.js';
import { locale, relative, timeElement } from './time.js';
import { stateOf } from './tokens-view.js';

const SVG = 'http://www.w3.org/2000/svg';
const STEP = 10; // a day's width in the chart, of which BAR is the bar's
const BAR = 7;
const TALL = 60;
const SHOWN = 8; // operations, before the rest is folded away
const NAME_MAX = 64;

const number = new Intl.NumberFormat(locale);
const dayFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayOf = ({ date }) => dayFormat.format(new Date(date));
const uses = (n) => texts.uses(n, number.format(n));

// --- the chart -----------------------------------------------------------------------------------

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function bar(day, at, most) {
  const height = day.count ? Math.max(2, (day.count / most) * TALL) : 1;
  return shape('rect', { x: at * STEP + (STEP - BAR) / 2, y: TALL - height, width: BAR, height, class: day.count ? 'usage-bar' : 'usage-bar none' },
    shape('title', {}, `${dayOf(day)}: ${uses(day.count)}`));
}

/** For eyes only: the caption and the table say the same. */
function bars(days, most) {
  return shape('svg', { viewBox: `0 0 ${days.length * STEP} ${TALL}`, preserveAspectRatio: 'none', class: 'usage-chart', 'aria-hidden': 'true' },
    ...days.map((day, at) => bar(day, at, most)));
}

function table(days) {
  const row = (day) => el('tr', {}, el('th', { scope: 'row' }, dayOf(day)), el('td', {}, number.format(day.count)));
  return el('details', { class: 'usage-table' }, el('summary', {}, texts.asTable),
    el('table', {}, el('caption', { class: 'visually-hidden' }, texts.days),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, texts.day), el('th', { scope: 'col' }, texts.usesColumn))),
      el('tbody', {}, ...days.filter((day) => day.count).map(row).reverse())),
    days.some((day) => !day.count) && el('p', { class: 'sub' }, texts.otherDays));
}

function chart(days) {
  const sum = days.reduce((all, day) => all + day.count, 0);
  if (!sum) return el('p', { class: 'sub' }, texts.none);
  const most = days.reduce((a, b) => (b.count > a.count ? b : a));
  const where = most.count === sum ? texts.onOneDay(dayOf(most)) : texts.most(number.format(most.count), dayOf(most));
  return el('figure', { class: 'usage-days' },
    el('figcaption', {}, el('strong', {}, uses(sum)), `, ${where}.`),
    bars(days, most.count),
    el('div', { class: 'usage-ends sub', 'aria-hidden': 'true' }, el('span', {}, dayOf(days[0])), el('span', {}, dayOf(days.at(-1)))),
    table(days));
}

// --- operations and scopes -----------------------------------------------------------------------

function operationRow({ product, method, operation, count, last_used_at: last }, isOfSeveral) {
  const name = operation ? el('code', {}, [method, operation].filter(Boolean).join(' ')) : el('span', {}, texts.others);
  return el('li', {}, el('span', { class: 'usage-name' }, name, isOfSeveral && product && el('span', { class: 'sub' }, product)),
    el('span', { class: 'sub' }, uses(count), ', ', texts.last, timeElement(last, relative)));
}

function operationList(operations) {
  const isOfSeveral = new Set(operations.map(({ product }) => product)).size > 1;
  const list = (some) => el('ul', { class: 'usage-rows' }, ...some.map((each) => operationRow(each, isOfSeveral)));
  if (operations.length <= SHOWN) return [list(operations)];
  return [list(operations.slice(0, SHOWN)), el('details', { class: 'usage-table' }, el('summary', {}, texts.all(operations.length)), list(operations.slice(SHOWN)))];
}

function scopeWords({ scopes_used: used, scopes_unused: unused, scopes_known: isKnown }) {
  const all = used.length + unused.length;
  if (!isKnown && unused.length) return texts.atLeast(used.length, all);
  return unused.length ? texts.usedOf(used.length, all) : texts.usedAll(all);
}

function scopePart(usage, isLive, narrowTo) {
  const { scopes_used: used, scopes_unused: unused, scopes_known: isKnown } = usage;
  return [
    el('p', { id: 'usage-scopes' }, scopeWords(usage)),
    unused.length > 0 && el('p', { class: 'sub' }, texts.unused, ...unused.flatMap((name) => [el('code', {}, name), ' '])),
    isLive && isKnown && used.length > 0 && unused.length > 0
      && el('button', { type: 'button', class: 'button small', id: 'usage-narrow', onclick: () => narrowTo(used) }, texts.narrow(used.length)),
  ];
}

// --- clients -------------------------------------------------------------------------------------

const clientWords = ({ agent, network }) => texts.client(agent, network);

function clientPart({ last_used: last, clients }) {
  return [
    last && el('p', { id: 'usage-last' }, texts.lastFrom, [last.address, last.agent].filter(Boolean).join(', ')),
    el('ul', { class: 'usage-rows' }, ...clients.map((client) => el('li', {},
      el('span', { class: 'usage-name' }, clientWords(client)),
      el('span', { class: 'sub' }, texts.last, timeElement(client.last_used_at, relative))))),
  ];
}

/** What the dialog that generates a token is filled in with, for the client that was there last. */
function another(token, { agent }) {
  const { files } = sorted(token.limits ?? {});
  const name = texts.anotherName(token.name, agent);
  return { name: [...name].slice(0, NAME_MAX).join(''), scopes: token.scopes.join(','), ...(files.length && { files }), isFromToken: true };
}

function turns({ at, clients }, token, isLive, generate) {
  const leftOut = inShort(withoutFiles(token.limits ?? {}));
  return el('div', { class: 'notice ask usage-two', id: 'usage-two' },
    el('p', {}, el('strong', {}, texts.twoTitle)),
    el('p', {}, texts.two(...clients.map(clientWords)), timeElement(at, relative), '.'),
    el('p', {}, texts.twoAdvice),
    isLive && leftOut && el('p', { class: 'sub' }, texts.anotherWithout(leftOut)),
    isLive && el('button', { type: 'button', class: 'button small', id: 'usage-another', onclick: () => generate(another(token, clients[1])) }, texts.another));
}

// --- all of it -----------------------------------------------------------------------------------

function parts(usage, isLive, narrowTo) {
  const part = (title, nodes) => [el('h4', {}, title), ...nodes];
  return [
    el('h3', { id: 'usage-title' }, texts.title),
    chart(usage.days),
    ...(usage.operations.length ? [
      ...part(texts.operations, operationList(usage.operations)),
      ...part(texts.scopes, scopePart(usage, isLive, narrowTo)),
    ] : []),
    ...(usage.clients.length ? part(texts.from, clientPart(usage)) : []),
  ].filter(Boolean);
}

/** Fills the section, and `advice` if there is any. `narrowTo(scopes)` and `generate(prefill)` leave the details for a dialog that does so. */
export async function showUsage(section, advice, token, { narrowTo, generate }) {
  const isLive = stateOf(token) === 'live';
  await fill(section, async () => {
    const [usage] = await Promise.all([get(`/tokens/${token.id}/usage`), loadStyle('/assets/usage.css')]);
    section.replaceChildren(...parts(usage, isLive, narrowTo));
    if (usage.concurrent) advice.replaceChildren(turns(usage.concurrent, token, isLive, generate));
    section.setAttribute('aria-labelledby', 'usage-title');
  }, strings.error);
  section.removeAttribute('aria-busy');
}
