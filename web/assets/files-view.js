// SPDX-License-Identifier: Apache-2.0
// What of the files is looked at: a view or a project, a search, an order. It stands in the address and nowhere else, so that
// reloading, linking and going back need no help.

const VIEWS = ['recent', 'all', 'shared', 'trash'];
const USUAL_SORT = '-touched';

/** { view, project, search, sort } of an address. */
export function viewOf(url) {
  const query = url.searchParams;
  const project = /^\d+$/.test(query.get('project') ?? '') ? query.get('project') : null;
  const view = VIEWS.includes(query.get('view')) ? query.get('view') : 'recent';
  return { view: project ? 'all' : view, project, search: query.get('search') ?? '', sort: query.get('sort') ?? USUAL_SORT };
}

export function addressOf({ view, project, search, sort }) {
  const query = new URLSearchParams();
  if (project) query.set('project', project);
  else if (view !== 'recent') query.set('view', view);
  if (search) query.set('search', search);
  if (sort !== USUAL_SORT) query.set('sort', sort);
  return query.size ? `/?${query}` : '/';
}

/** A search looks through all files, unless a narrower place was chosen. Recents have their own order. */
export const searchesAll = ({ view, search }) => view === 'recent' && search !== '';
export const hasOwnOrder = (state) => state.view === 'recent' && !searchesAll(state);

/** The query of GET /api/v1/files. */
export function queryOf(state, cursor) {
  const query = new URLSearchParams({ view: searchesAll(state) ? 'all' : state.view });
  if (state.project) query.set('project', state.project);
  if (state.search) query.set('search', state.search);
  if (!hasOwnOrder(state)) query.set('sort', state.sort);
  if (cursor) query.set('cursor', cursor);
  return query;
}
