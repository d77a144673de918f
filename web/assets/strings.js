// SPDX-License-Identifier: Apache-2.0
// Every text the scripts show, so that a translation is one more file like this one; what is loaded later has its texts in strings-*.js.
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
    newEmailRequired: 'Enter the new email address.',
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

  copyKeys: { usual: 'Ctrl+C', apple: '⌘C' },

  frame: {
    settings: 'Settings',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    logOut: 'Log out',
  },

  settings: {
    title: 'Settings',
    close: 'Close settings',
  },

  account: {
    administrator: 'Administrator',
    member: 'Member',
    nameSaved: 'Name saved.',
    emailSaved: 'Email address changed.',
    pictureUpload: 'Upload picture',
    pictureChange: 'Change picture',
    pictureSaved: 'Picture saved.',
    pictureRemoved: 'Picture removed.',
    pictureUnreadable: 'This file is no picture that your browser can read. Choose a PNG, JPEG or WebP file.',
  },

  password: {
    wrongCurrent: 'This is not your current password.',
    changed: 'Password changed.',
    changedAndEnded: (n) => `Password changed. ${count(n, 'other session', 'other sessions')} ended.`,
  },

  sessions: {
    current: 'This browser',
    end: 'End',
    endOthers: 'End all others',
    endOthersTitle: 'End all other sessions?',
    endOthersText: 'You stay signed in here. Everywhere else the next step takes your password. Tokens keep working.',
    endOthersCancel: 'Keep them',
    endedOthers: (n) => `${count(n, 'other session', 'other sessions')} ended.`,
    endLabel: (device, address) => `End the session of ${device}, ${address}`,
    ended: (device) => `Session of ${device} ended.`,
    device: (browser, system) => (browser && system ? `${browser} on ${system}` : browser || system || 'Unknown device'),
    lastSeen: 'Last seen ',
    signedIn: 'Signed in ',
  },

  tokens: {
    columns: {
      select: 'Select',
      name: 'Name',
      token: 'Token',
      scopes: 'Scopes',
      created: 'Created',
      lastUsed: 'Last used',
      expires: 'Expires',
      actions: 'Actions',
    },
    caption: 'Your personal access tokens',
    filters: { all: 'All', active: 'Active', expiring: 'Expiring', expired: 'Expired', revoked: 'Revoked' },
    // For each column what its usual direction is called, then the other.
    sorts: {
      name: ['Name, A to Z', 'Name, Z to A'],
      token: ['Token, A to Z', 'Token, Z to A'],
      scopes: ['Most scopes', 'Fewest scopes'],
      created: ['Newest', 'Oldest'],
      lastUsed: ['Used last', 'Not used for longest'],
      expires: ['Expiring first', 'Expiring last'],
    },
    count: (live, ended) => {
      const text = count(live, 'live token', 'live tokens');
      return ended ? `${text}, ${ended} ended` : text;
    },
    found: (n, all) => `${n} of ${count(all, 'token', 'tokens')}`,
    range: (first, last, all) => `${first}–${last} of ${all}`,
    selected: (n) => `${n} selected`,
    selectLabel: (name) => `Select ${name}`,
    selectPage: 'Select all live tokens on this page',
    emptyTitle: 'No tokens yet',
    emptyText: 'Tokens let scripts and integrations use the API as you. Generate one for each of them.',
    emptyAction: 'Generate new token',
    noneTitle: 'No token matches',
    noneText: 'Try another word or another filter.',
    noneAction: 'Show all tokens',
    neverUsed: 'Never used',
    uses: (n) => count(n, 'use', 'uses'),
    neverExpires: 'Never',
    left: (duration) => `${duration} left`,
    expired: 'Expired',
    revoked: 'Revoked',
    revokedBy: {
      owner: 'By you',
      person_disabled: 'The account was disabled',
      maker_revoked: 'With the token that made it',
      administrator: 'By an administrator',
      rotated: 'Replaced by a new one',
    },
    worksUntil: 'Replaced · works until ',
    replacedBy: 'Replaced\u00a0by ',
    replaces: 'Replaces ',
    scopes: (n) => count(n, 'scope', 'scopes'),
    scopesLabel: (n, token) => `${count(n, 'scope', 'scopes')} of ${token}`,
    more: (n) => `+${n}`,
    limited: 'Limited',
    limitedLabel: (token) => `Limited: what ${token} can reach`,
    actionsLabel: (name) => `Actions for ${name}`,
    details: 'Details',
    rotate: 'Rotate…',
    revoke: 'Revoke',
    rotatedElsewhere: (name) => `“${name}” was rotated elsewhere.`,
    revokedElsewhere: (name) => `“${name}” was revoked elsewhere.`,
    narrowedElsewhere: (name) => `“${name}” lost scopes elsewhere.`,
    madeElsewhere: (name) => `“${name}” was generated elsewhere.`,
    changedElsewhere: (n) => `${n} tokens were changed elsewhere.`,
  },

  details: {
    created: 'Created',
    expires: 'Expires',
    expired: 'Expired',
    revoked: 'Revoked',
    never: 'Never',
    lastUsed: 'Last used',
    precision: 'Exact to the second.',
    uses: 'Uses',
    scopes: 'Scopes',
    limits: 'Limits',
    narrow: 'Take scopes away…',
    id: 'ID',
    replacedBy: 'Replaced by',
    replacedByHint: (end) => `This one works until ${end}.`,
    replaces: 'Replaces',
    replacesHint: (end) => `That one works until ${end}.`,
    replacesEnded: 'That one has ended.',
    madeBy: 'Made by',
    madeByHint: 'The id of a token. This one ends with it.',
    idHint: 'Names the token in logs. It opens nothing.',
    close: 'Close',
  },

  revoke: {
    title: (name) => `Revoke “${name}”?`,
    titleSeveral: (n) => `Revoke ${n} tokens?`,
    titleAll: (n) => `Revoke all ${n} live tokens?`,
    consequence: (n) => `Everything that uses ${n === 1 ? 'this token' : 'them'} stops working at once. This can’t be undone.`,
    allText: 'That is every token of yours that still works, also those that other filters or pages show.',
    token: 'Token',
    lastUsed: 'Last used',
    more: (n) => `and ${n} more`,
    accept: 'Revoke token',
    acceptSeveral: (n) => `Revoke ${n} tokens`,
    acceptAll: 'Revoke all tokens',
    cancel: 'Keep token',
    cancelSeveral: 'Keep tokens',
    word: 'revoke all',
    typeWord: (word) => `To go on, type “${word}”`,
    leave: 'Close',
    waiting: { label: 'Waiting…', text: 'Waiting until this is in force everywhere.' },
    done: (name) => `“${name}” is revoked.`,
    doneSeveral: (n) => (n === 1 ? '1 token is revoked.' : `${n} tokens are revoked.`),
  },
};
