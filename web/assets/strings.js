// SPDX-License-Identifier: Apache-2.0
// Every text the scripts show, in one place, so that a translation is one more file like this one.
// What depends on a value is a function; texts that never change stand in the HTML pages themselves.

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const language = 'en';

export const strings = {
  error: {
    network: 'The server could not be reached. Check your connection and try again.',
    unexpected: 'Something went wrong on the server. Try again in a moment.',
    retryIn: (duration) => `Try again in ${duration}.`,
    load: 'This could not be loaded.',
    retry: 'Try again',
  },

  form: {
    emailRequired: 'Enter your email address.',
    passwordRequired: 'Enter your password.',
    currentPasswordRequired: 'Enter your current password.',
    newPasswordRequired: 'Enter a new password.',
    personNameRequired: 'Enter your name.',
    codeRequired: 'Enter the set-up code. It stands in the link printed when the server was started.',
    show: 'Show',
    hide: 'Hide',
    showPassword: (label) => `Show: ${label}`,
    hidePassword: (label) => `Hide: ${label}`,
  },

  time: {
    now: 'just now',
  },

  account: {
    administrator: 'Administrator',
    member: 'Member',
  },

  password: {
    wrongCurrent: 'This is not your current password.',
    changed: 'Password changed.',
    changedAndEnded: (n) => `Password changed. ${count(n, 'other session', 'other sessions')} ended.`,
  },

  sessions: {
    current: 'This session',
    end: 'End',
    endLabel: (device, address) => `End the session of ${device}, ${address}`,
    ended: (device) => `Session of ${device} ended.`,
    device: (browser, system) => (browser && system ? `${browser} on ${system}` : browser || system || 'Unknown device'),
    lastSeen: 'Last seen ',
    signedIn: 'signed in ',
  },

  tokens: {
    columns: {
      name: 'Name',
      scopes: 'Scopes',
      created: 'Created',
      lastUsed: 'Last used',
      expires: 'Expires',
      actions: 'Actions',
    },
    caption: 'Your personal access tokens',
    count: (live, ended) => {
      const text = count(live, 'live token', 'live tokens');
      return ended ? `${text}, ${ended} ended` : text;
    },
    emptyTitle: 'No tokens yet',
    emptyText: 'Generate one for each script or integration. You can see and copy it once, right after.',
    emptyAction: 'Generate new token',
    neverUsed: 'Never used',
    uses: (n) => count(n, 'use', 'uses'),
    neverExpires: 'Never',
    left: (duration) => `${duration} left`,
    expired: 'Expired',
    revoked: 'Revoked',
    revokedByDisabling: 'The account was disabled',
    scopes: (n) => count(n, 'scope', 'scopes'),
    scopesLabel: (n, token) => `${count(n, 'scope', 'scopes')} of ${token}`,
    more: (n) => `+${n}`,
    revoke: 'Revoke',
    revokeLabel: (name) => `Revoke ${name}`,
  },

  revoke: {
    title: (name) => `Revoke “${name}”?`,
    consequence: 'Everything that uses this token stops working at once. This can’t be undone.',
    token: 'Token',
    lastUsed: 'Last used',
    accept: 'Revoke token',
    cancel: 'Keep token',
    done: (name) => `“${name}” is revoked.`,
  },

  generate: {
    days: (n) => count(n, 'day', 'days'),
    custom: 'Custom date',
    never: 'No expiration',
    neverWarning: 'This token works until you revoke it. Prefer a date.',
    expiresOn: (date) => `Expires on ${date}`,
    chooseDate: 'Choose the last day on which the token works.',
    dateRequired: 'Choose a date.',
    dateRange: (from, to) => `Choose a date from ${from} to ${to}.`,
    nameTooLong: (n) => `This name has ${n} characters. At most 64 fit.`,
    needBoth: 'To generate, enter a name and choose at least one scope.',
    needName: 'To generate, enter a name.',
    needScope: 'To generate, choose at least one scope.',
    needDate: 'To generate, choose a date.',
    needShorterName: 'To generate, shorten the name.',
    summary: (n, until) => `${count(n, 'scope', 'scopes')}, until ${until}`,
    summaryNever: (n) => `${count(n, 'scope', 'scopes')}, no expiration`,
    selected: (n) => (n ? `${n} selected` : 'None selected'),
    deprecated: 'Deprecated',
    changesData: 'Changes data',
    noMatch: 'No scope matches.',
    lost: (name) =>
      `“${name}” was generated, but the answer carrying it got lost on the way and cannot be repeated. ` +
      'Revoke that token in the list and generate another one.',
    discardTitle: 'Discard this token?',
    discardText: 'What you entered is lost. No token has been generated.',
    discardAccept: 'Discard',
    discardCancel: 'Keep editing',
  },

  result: {
    copy: 'Copy',
    copied: 'Copied',
    copiedAnnounce: 'Token copied to the clipboard.',
    commandCopied: 'Command copied, with the token in it.',
    pressToCopy: (keys) => `The token is selected. Press ${keys} to copy it.`,
    keys: 'Ctrl+C',
    keysApple: '⌘C',
    noProfileScope: 'This token may not read /v1/me (that takes current_user:read): the answer names the missing scope.',
    closeTitle: 'Close without the token?',
    closeText: 'It is shown only this once. If you have not copied it, you will have to revoke it and generate another.',
    closeAccept: 'Close',
    closeCancel: 'Back to the token',
  },
};
