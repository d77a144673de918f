// SPDX-License-Identifier: Apache-2.0
// What files and projects are called that a token is limited to. They are looked for in the lists: asking for a single file would
// count as having opened it.

import { get } from './api.js';

const PAGE = 100;
const PAGES_MAX = 10;

/** Where one has just been, then everything. */
async function findFiles(keys, names) {
  const isDone = () => keys.every((key) => names.has(key));
  for (const view of ['recent', 'all']) {
    for (let cursor = '', pages = 0; cursor !== null && pages < PAGES_MAX && !isDone(); pages += 1) {
      const answer = await get(`/files?view=${view}&limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
      for (const { key, name } of answer.files) if (keys.includes(key)) names.set(key, name);
      cursor = answer.next_cursor;
    }
  }
}

/** A Map of key or id to name, without those that one cannot see. Never fails. */
export async function namesOf({ files, projects }) {
  const names = new Map();
  try {
    if (projects.length) for (const { id, name } of (await get('/projects')).projects) names.set(id, name);
    await findFiles(files, names);
  } catch {
    // What is not known is named by its key.
  }
  return names;
}
