// SPDX-License-Identifier: Apache-2.0
// A receipt in words: on which nodes what was taken away is no longer accepted, how soon, and of the others why they do not matter.
// Where one patd is alone there are no receipts, and nothing to say.

import { nodesStrings } from './strings-nodes.js';
import { locale } from './time.js';

const texts = nodesStrings.receipt;
const names = new Intl.ListFormat(locale, { type: 'conjunction' });
const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

const time = (ms) => (ms < 1000 ? texts.milliseconds(Math.max(1, ms)) : texts.seconds(tenths.format(ms / 1000)));

/** ` Stopped on 3 of 3 nodes in 14 ms.`, to stand behind another sentence; `what` was done: 'stopped' or 'narrowed'. */
export function receiptWords(receipt, what) {
  const { nodes } = receipt;
  const of = (how) => nodes.filter((node) => node.how === how);
  const stopped = of('stopped');
  const rest = [[of('gone'), texts.gone], [of('lease_over'), texts.unreachable]].filter(([some]) => some.length > 0);
  const ms = rest.length ? Math.max(0, ...stopped.map((node) => node.ms)) : receipt.ms;
  const others = rest.map(([some, words]) => words(names.format(some.map(({ node }) => node)), some.length));
  return ` ${[texts[what](stopped.length, nodes.length, time(ms)), ...others].join('; ')}.`;
}
