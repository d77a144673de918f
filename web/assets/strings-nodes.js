// SPDX-License-Identifier: Apache-2.0
// The texts about nodes: their list in the settings, and what a receipt says of them.

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const nodesStrings = {
  self: 'This node',
  states: { serving: 'Serving', silent: 'Silent' },
  lease: (seconds) => `Lease ${seconds}\u00a0s`,
  behind: (n) => (n === 0 ? 'up to date' : `${count(n, 'change', 'changes')} behind`),
  heard: (seconds) => (seconds < 1 ? 'last heard just now' : `last heard ${seconds}\u00a0s ago`),
  silentText: 'Its lease is over: it answers nobody. It leaves this list soon, and comes back when it is heard again.',
  stale: (message) => `This is what was known last. ${message}`,

  receipt: {
    stopped: (n, all, time) => `Stopped on ${n} of ${count(all, 'node', 'nodes')} in ${time}`,
    narrowed: (n, all, time) => `In force on ${n} of ${count(all, 'node', 'nodes')} in ${time}`,
    gone: (names, n) => `${names} ${n === 1 ? 'has' : 'have'} left`,
    unreachable: (names, n) => `${names} cannot be reached, and ${n === 1 ? 'answers' : 'answer'} nobody any more`,
    milliseconds: (n) => `${n}\u00a0ms`,
    seconds: (n) => `${n}\u00a0s`,
  },
};
