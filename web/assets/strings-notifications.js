// SPDX-License-Identifier: Apache-2.0
// The texts about the mail somebody gets. As strings.js.

export const notificationsStrings = {
  title: 'Email notifications',
  lead: 'Sent to ',
  legend: 'Send an email',
  wishes: {
    token_endings: {
      title: 'Before a token ends',
      text: '7 days before and 1 day before, of tokens that were made for longer than that.',
    },
    token_changes: {
      title: 'When a token is generated, or revoked by somebody else',
      text: 'With its name, its scopes and when. So a token that you did not generate does not stay unseen.',
    },
    sign_ins: {
      title: 'When somebody signs in as you',
      text: 'Every sign-in, your own too: with when, the address it came from and what the browser called itself.',
    },
  },
  always: 'When your password or your email address changes you always get an email; a change of the address is told at the former one too.',
  off: 'This server sends no mail: ask whoever runs it. What you choose counts as soon as it does.',
  offAdministrator: 'This server sends no mail: it has no mail_url in its settings. What you choose counts as soon as it does.',
  saved: (title, isOn) => `${title}: ${isOn ? 'on' : 'off'}.`,
};
