// SPDX-License-Identifier: Apache-2.0
// The texts about rotating a token: another one takes its place. As strings.js.

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const rotateStrings = {
  title: (name) => `Rotate “${name}”`,
  text: 'You get a new token with the same name, scopes and limits.',
  legend: 'The old one ends',
  ends: { 0: 'At once', 3600: 'In an hour', 86400: 'In 24 hours', 604800: 'In 7 days', own: 'When it ends anyway' },
  both: 'Until then both work: time to put the new one wherever the old one is used.',
  stops: 'Whatever uses the old one stops working until it has the new one.',
  made: (n) => `The old one has made ${count(n, 'other token, which ends', 'other tokens, which end')} with it.`,
  asLong: (date) => `It lives as long as the old one was made for: until ${date}.`,
  longest: (date) => `It works until ${date}, the longest that is allowed here.`,
  never: 'It works until you revoke it, as the old one does.',

  password: 'Your password',
  passwordHint: 'Your last sign-in is a while ago. Enter your password to rotate a token.',
  needPassword: 'To rotate, enter your password.',
  comeAgain: (product) => `You came here a while ago. Go back to ${product}, open your tokens from there again, and rotate this one then.`,
  accept: 'Rotate token',
  acceptProven: 'Confirm and rotate',
  cancel: 'Cancel',
  close: 'Close',
  lost: (name) =>
    `“${name}” was rotated, but the answer carrying the new token got lost on the way and cannot be repeated. ` +
    'Rotate the newer one of the two in the list.',

  resultTitle: 'Token rotated',
  done: (name, hint, end) => `“${name}” is rotated. The old one, ${hint}, works until ${end}.`,
  doneAtOnce: (name, hint) => `“${name}” is rotated. The old one, ${hint}, has ended.`,
  doneNotEverywhere: (name, hint) => `“${name}” is rotated. The old one, ${hint}, has ended, but a node that cannot be reached may still accept it. Revoke it to wait for that one.`,
};
