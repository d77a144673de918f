// SPDX-License-Identifier: Apache-2.0
// The nodes on the database, for administrators: how each is, asked for anew while somebody looks. A line that has not changed is left
// alone, so that what somebody has marked in it stays marked.

import { getUnlessSame } from './api.js';
import { byId, drawing, el, fill } from './dom.js';
import { keepTrue } from './live.js';
import { nodesStrings as texts } from './strings-nodes.js';
import { strings } from './strings.js';

const EVERY_S = [2];
const SERVER = 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01';

let page = null; // { tag, answer }, the last
let live = null; // see keepTrue()
let lines = new Map(); // incarnation → what is shown of it

function line(node) {
  const isSilent = node.state === 'silent';
  const facts = [texts.lease(node.lease_ms / 1000), texts.behind(node.behind), !node.self && texts.heard(Math.floor(node.silent_ms / 1000))];
  return el('li', { class: 'line', data: { node: node.node, state: node.state } },
    el('span', { class: 'device', 'aria-hidden': 'true' }, drawing(SERVER)),
    el('div', { class: 'line-text' },
      el('span', { class: 'with-badge' }, el('strong', {}, node.node),
        el('span', { class: `badge ${isSilent ? 'bad' : 'good'}` }, texts.states[node.state]),
        node.self && el('span', { class: 'badge' }, texts.self)),
      el('span', { class: 'sub' }, facts.filter(Boolean).join(' · ')),
      isSilent && el('span', { class: 'sub' }, texts.silentText)));
}

/** The line of a node: the one that stands there, if it says the same. */
function lineOf(node) {
  const fresh = line(node);
  const known = lines.get(node.incarnation);
  return known?.isEqualNode(fresh) ? known : fresh;
}

function draw({ nodes }) {
  const list = byId('nodes-list').querySelector('ul') ?? el('ul', { class: 'lines' });
  const wanted = nodes.map(lineOf);
  lines = new Map(nodes.map(({ incarnation }, i) => [incarnation, wanted[i]]));
  for (const old of [...list.children]) if (!wanted.includes(old)) old.remove();
  wanted.forEach((each, i) => list.children[i] === each || list.insertBefore(each, list.children[i] ?? null));
  if (!list.isConnected) byId('nodes-list').replaceChildren(list);
}

async function load() {
  page = (await getUnlessSame('/admin/nodes', page?.tag)) ?? page;
  draw(page.answer);
}

/** What is shown gets old when it can not be asked for: then that is said. Time goes by, so it is never the same. */
async function refresh() {
  const problem = byId('nodes-problem');
  try {
    await load();
    problem.textContent = '';
  } catch (error) {
    const words = texts.stale(error.message);
    if (problem.textContent !== words) problem.textContent = words; // or it would be read out again
  }
  return true;
}

export const refreshNodes = () => live?.soon();

export const startNodes = () => fill(byId('nodes-list'), async () => {
  await load();
  live ??= keepTrue(byId('nodes-list'), refresh, 'patd-nodes', EVERY_S);
}, strings.error);
