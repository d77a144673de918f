// SPDX-License-Identifier: Apache-2.0
// How a new token can be tried: a request that it may make with the scopes it has. Who has just been told to copy a command must not
// be answered that the token may not do that.

import { get } from './api.js';
import { BUILT_IN, sorted } from './limits.js';
import { tokenStrings } from './strings-generate.js';

const texts = tokenStrings.result;
const PROFILE_SCOPE = 'current_user:read';

/** What a token may read of a file, the most telling first. The document is asked for down to its pages; it may have 64 MiB. */
const OF_FILE = [
  ['file_content:read', '?depth=1'],
  ['file_metadata:read', '/meta'],
  ['file_versions:read', '/versions'],
  ['file_comments:read', '/comments'],
];

/** The address stands in quotes: shells make something else of a question mark. */
const way = (path, note) => ({
  path,
  note,
  command: (secret) => `curl -H "Authorization: Bearer ${secret}" "${location.origin}${path}"`,
});

/** Every token that is valid may do this, whatever it is limited to. */
export const ANY = way('/api/v1/self', texts.trySelf);

/** Whether a token with these limits reaches a file. */
function reaches(limits, file) {
  const { files, projects } = sorted(limits ?? {});
  return files.length + projects.length === 0 || files.includes(file.key) || projects.includes(file.project?.id);
}

/** A file it reaches that somebody has to do with: opened last, or else changed last; none where there is none, or no files at all. */
async function recentFile(limits) {
  for (const view of ['recent', 'all']) {
    const { files } = await get(`/files?view=${view}&limit=${limits?.resources.length ? 100 : 1}`);
    const found = files.find((file) => reaches(limits, file));
    if (found) return found;
  }
  return null;
}

/** The way to try a token, by its scopes and limits. Never fails: ANY is always one. */
export async function triedBy({ scopes, limits }) {
  if (limits?.products.length && !limits.products.includes(BUILT_IN)) return ANY;
  if (scopes.includes(PROFILE_SCOPE)) return way('/v1/me', '');
  const part = OF_FILE.find(([scope]) => scopes.includes(scope))?.[1];
  if (part === undefined) return ANY;
  const file = await recentFile(limits).catch(() => null);
  return file ? way(`/v1/files/${file.key}${part}`, texts.tryFile(file.name)) : ANY;
}
