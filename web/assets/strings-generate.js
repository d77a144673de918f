// SPDX-License-Identifier: Apache-2.0
// The texts of the dialog that generates a token and then shows it; loaded with it. As strings.js.

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const tokenStrings = {
  generate: {
    days: (n) => count(n, 'day', 'days'),
    custom: 'Custom date',
    never: 'No expiration',
    neverWarning: 'This token works until you revoke it. Prefer a date: what is forgotten should end by itself.',
    expiresOn: (date) => `Expires on ${date}`,
    chooseDate: 'Choose the last day on which the token works.',
    dateRequired: 'Choose a date.',
    dateRange: (from, to) => `Choose a date from ${from} to ${to}.`,
    nameRequired: 'Enter a name.',
    nameTooLong: (n) => `This name has ${n} characters. At most 64 fit.`,
    nameTaken: 'You have a live token of this name already.',
    noteTooLong: (n) => `This note has ${n} characters. At most 200 fit.`,
    badCharacters: 'This contains characters that cannot be used.',
    needBoth: 'To generate, enter a name and choose at least one scope.',
    needName: 'To generate, enter a name.',
    needOtherName: 'To generate, change the name.',
    needScope: 'To generate, choose at least one scope.',
    needDate: 'To generate, choose a date.',
    needShorterNote: 'To generate, change the note.',
    needPassword: 'To generate, enter your password.',
    comeAgain: (product) => `You came here a while ago. Go back to ${product}, open your tokens from there again, and generate this one then.`,
    summary: ({ reads, changes, until }) => {
      const abilities = [reads && `read ${reads}`, changes && `change ${changes}`].filter(Boolean);
      const both = abilities.length > 1 ? `${abilities.join(', and ')},` : abilities[0];
      return `Can ${both} ${until ? `until ${until}` : 'without an end'}.`;
    },
    submit: 'Generate token',
    submitProven: 'Confirm and generate',
    selected: (n) => (n ? `${n} selected` : 'None selected'),
    wholeGroup: (category) => `All of ${category}`,
    groupOfProduct: (category, product) => `${category} of ${product}`,
    allScopes: 'All scopes',
    ofGroup: (n, all) => `${n} of ${all}`,
    presetRead: 'Read only',
    presetFiles: 'Read files',
    presetAll: 'Everything I can',
    deprecated: 'Deprecated',
    changesData: 'Changes data',
    own: 'patd itself',
    notAllowed: 'Only administrators can give this to a token.',
    noMatch: 'No scope matches.',
    linkUnknown: (scopes, n) => `It asks for ${n === 1 ? 'a scope that does not exist here' : `${n} scopes that do not exist here`}: ${scopes.join(', ')}${n > scopes.length ? ' …' : ''}.`,
    linkNotAllowed: (scopes, n) => `It asks for ${n === 1 ? 'a scope' : `${n} scopes`} that only administrators can give: ${scopes.join(', ')}${n > scopes.length ? ' …' : ''}.`,
    linkTooLong: (days, max) => `It asks for ${count(days, 'day', 'days')}; at most ${max} are allowed here.`,
    linkNever: 'It asks for no expiration, which is not allowed here.',
    linkDate: 'It asks for a date that is not allowed here.',
    linkExpiry: 'The expiration it asks for cannot be read.',
    lost: (name) =>
      `“${name}” was generated, but the answer carrying it got lost on the way and cannot be repeated. ` +
      'Revoke that token in the list and generate another one.',
    discardTitle: 'Discard this token?',
    discardText: 'What you entered is lost. No token has been generated.',
    discardAccept: 'Discard',
    discardCancel: 'Keep editing',
  },

  result: {
    title: 'Token generated',
    copy: 'Copy',
    copied: 'Copied',
    copiedAnnounce: 'Token copied to the clipboard.',
    commandCopied: 'Command copied, with the token in it.',
    pressToCopy: (keys) => `The token is selected. Press ${keys} to copy it.`,
    trySelf: 'It asks what the token is, which every token may: its scopes, its limits, when it ends.',
    tryFile: (name) => `It reads “${name}”.`,
    testOk: (name) => `It works: the server knows you as ${name}.`,
    testAccepted: 'It works: the server accepts the token.',
    testNowhere: (path) => `This server has no ${path} to try it on. Try it on your API.`,
    testRefused: (status, detail) => `The server answered ${status}. ${detail}`,
    closeTitle: 'Close without the token?',
    closeText: 'It is shown only this once. If you have not copied it, you will have to revoke it and generate another.',
    closeAccept: 'Close',
    closeCancel: 'Back to the token',
  },
};
