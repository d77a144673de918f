// SPDX-License-Identifier: Apache-2.0
// The texts about what a token is limited to, and about taking scopes away; loaded where there is something to say of it. As strings.js.

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

const UNITS = { 1: 'second', 60: 'minute', 3600: 'hour', 86400: 'day' };

export const limitsStrings = {
  // In short, joined by commas, after "Limited to" as well.
  files: (n) => count(n, 'file', 'files'),
  projects: (n) => count(n, 'project', 'projects'),
  values: (product, n) => `${count(n, 'resource', 'resources')} of ${product}`,
  networks: (n) => count(n, 'network', 'networks'),
  rate: (n, seconds) => `${count(n, 'request', 'requests')} ${UNITS[seconds] ? `a${seconds === 3600 ? 'n' : ''} ${UNITS[seconds]}` : `in ${count(seconds, 'second', 'seconds')}`}`,
  products: (n, list) => `the ${n === 1 ? 'product' : 'products'} ${list}`,
  limitedTo: (list) => `Limited to ${list}.`,

  // A sentence for each.
  onlyFiles: (names) => `Only ${names}.`,
  filesNamed: (n, list) => `the ${n === 1 ? 'file' : 'files'} ${list}`,
  projectsNamed: (n, list) => `what is in the ${n === 1 ? 'project' : 'projects'} ${list}`,
  inProjects: (n) => `what is in ${count(n, 'project', 'projects')}`,
  listsClosed: 'Lists of everything are closed to it.',
  onlyValues: (product, conditions) => `In ${product} only where ${conditions}.`,
  is: (parameter, list) => `${parameter} is ${list}`,
  beginsWith: (parameter, list) => `${parameter} begins with ${list}`,
  onlyNetworks: (list) => `Only from ${list}.`,
  onlyRate: (rate) => `At most ${rate}.`,
  onlyProducts: (list) => `Only for ${list}.`,
  quoted: (text) => `“${text}”`,
  more: (n) => `${n} more`,

  section: {
    filesTitle: 'Files and projects',
    filesHint: 'With none chosen it reaches all that you can see. With some, these alone, and the files in the projects: lists of everything, such as those of a team, are closed to it.',
    search: 'Find a file or project',
    results: 'Your projects and files',
    chosen: 'Chosen',
    chosenCount: (n) => (n ? `${n} chosen` : 'None chosen'),
    takeAway: (name) => `Take away ${name}`,
    project: (n) => `Project, ${count(n, 'file', 'files')}`,
    fileIn: (project) => `In ${project}`,
    fileShared: (owner) => `Shared by ${owner}`,
    nothing: 'You have no files yet.',
    noMatch: 'No file or project matches.',
    moreFiles: 'There are more. Search to find them.',
    rowsTitle: (product) => `Resources of ${product}`,
    rowsHint: 'What stands in its addresses: a parameter, as its API description names it, and a value. With none given it reaches all of them.',
    parameter: 'Parameter',
    comparison: 'Comparison',
    value: 'Value',
    is: 'is',
    beginsWith: 'begins with',
    add: 'Add a resource',
    addLabel: (product) => `Add a resource of ${product}`,
    remove: 'Remove this resource',
    networksTitle: 'Networks',
    networksHint: 'From where it may be used: an address or a range a line, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32. Empty: from anywhere.',
    rateTitle: 'Rate',
    rateNumber: 'At most so many requests',
    ratePer: 'Requests per',
    units: { 1: 'requests per second', 60: 'requests per minute', 3600: 'requests per hour', 86400: 'requests per day' },
    rateHint: 'Empty: as many as the server lets through.',
    productsTitle: 'Products',
    onlyProducts: 'Only for the products of its scopes',
    productsNow: (list) => `Now: ${list}.`,
    productsNone: 'They are known once scopes are chosen.',
  },

  link: {
    unseen: (keys, n) => `It asks for ${n === 1 ? 'a file that you do not have here' : `${n} files that you do not have here`}: ${keys.join(', ')}${n > keys.length ? ' …' : ''}. The token would not reach ${n === 1 ? 'it' : 'them'}.`,
  },

  narrow: {
    title: (name) => `Take scopes away from “${name}”`,
    text: 'Untick what it shall lose. It loses it at once, and cannot be given it again.',
    made: 'Tokens that it has made keep theirs.',
    scopes: 'Scopes that it keeps',
    needOne: 'Untick at least one.',
    keepOne: 'One has to stay. To end the token, revoke it.',
    losing: (n) => `It loses ${count(n, 'scope', 'scopes')}.`,
    accept: 'Take away',
    cancel: 'Cancel',
    done: (n, name) => `${count(n, 'scope', 'scopes')} taken away from “${name}”.`,
  },
};
