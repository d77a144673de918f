// SPDX-License-Identifier: Apache-2.0
// The texts about what a token was used for, in its details. As strings.js.

const count = (n, one, many, shown = n) => `${shown} ${n === 1 ? one : many}`;

export const usageStrings = {
  title: 'Use in the last 30 days',
  uses: (n, shown) => count(n, 'use', 'uses', shown),
  most: (uses, day) => `most of them on ${day}: ${uses}`,
  onOneDay: (day) => `all on ${day}`,
  none: 'Not used in the last 30 days.',
  asTable: 'As a table',
  days: 'Uses by day, in UTC',
  day: 'Day',
  usesColumn: 'Uses',
  otherDays: 'It was not used on the other days.',

  scopes: 'Scopes',
  usedOf: (used, all) => `Used ${used} of ${count(all, 'scope', 'scopes')}.`,
  usedAll: (n) => (n === 1 ? 'Its scope is used.' : `All ${n} scopes are used.`),
  atLeast: (used, all) => `Used at least ${used} of ${count(all, 'scope', 'scopes')}. Of some uses nobody could tell which they took, so it may need others.`,
  unused: 'Not used: ',
  narrow: (n) => (n === 1 ? 'Narrow to the used one…' : `Narrow to the used ${n}…`),

  operations: 'Operations',
  others: 'Other requests',
  last: 'last: ',
  all: (n) => `All ${n}`,

  from: 'Used from',
  lastFrom: 'Last: ',
  client: (agent, network) => [agent ?? 'something without a name', network && `at ${network}`].filter(Boolean).join(' '),

  twoTitle: 'Used by two at the same time',
  two: (a, b) => `${a} and ${b} take turns with it. Seen `,
  twoAdvice: 'If they are not one integration, give each a token of its own: then each can be narrowed and revoked alone. Nothing is refused because of this.',
  another: 'Generate another token…',
  anotherWithout: (limits) => `The form is filled in as this token is, but for some of its limits: ${limits}. Set those again.`,
  anotherName: (name, agent) => (agent ? `${name} (${agent})` : `${name} 2`),
};
