// SPDX-License-Identifier: Apache-2.0
// The file browser, the page one arrives on: the files of a view or a project, with search and order. What is looked at stands in the
// address (files-view.js); this module loads it, draws it, and keeps it true while files are changed from here.

import { get } from './api.js';
import { byId, el, fill, whileBusy } from './dom.js';
import { fileCard } from './file-card.js';
import { attempt, fileEntries } from './file-menu.js';
import { acceptDrops } from './files-drop.js';
import { createProject, loadProjects, projectMenu, renderSide, startSideToggle } from './files-side.js';
import { addressOf, hasOwnOrder, queryOf, searchesAll, viewOf } from './files-view.js';
import { startFrame } from './frame.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.list;
const SEARCH_PAUSE_MS = 250;

const page = { state: viewOf(new URL(location.href)), projects: [], files: [], nextCursor: null, note: '', loads: 0 };
const projectNow = () => page.projects.find(({ id }) => id === page.state.project);

// --- drawing -------------------------------------------------------------------------------------

function title() {
  const { state } = page;
  if (state.search) return texts.found(state.search);
  return state.project ? (projectNow()?.name ?? filesStrings.empty.missing[0]) : filesStrings.views[state.view];
}

function searchLabel({ view, project }) {
  if (project) return texts.searchIn(projectNow()?.name ?? '');
  return { trash: texts.searchTrash, shared: texts.searchShared }[view] ?? texts.searchAll;
}

function renderHead() {
  const { state } = page;
  const project = projectNow();
  byId('files-title').textContent = title();
  document.title = texts.title(title());
  byId('project-actions').replaceChildren(...(project && !state.search ? [projectMenu(project, { onChanged: refresh, onGone: () => go({ ...state, project: null, view: 'all' }) })] : []));
  const search = byId('files-search');
  if (document.activeElement !== search) search.value = state.search;
  search.placeholder = searchLabel(state);
  search.setAttribute('aria-label', searchLabel(state));
  byId('files-sort').value = state.sort;
  byId('files-sort-field').hidden = hasOwnOrder(state);
  byId('files-upload').hidden = state.view === 'trash';
  renderSide(state, page.projects);
}

function emptyState() {
  const { state } = page;
  const isMissing = state.project && !projectNow();
  const kind = isMissing ? 'missing' : state.search ? 'search' : state.project ? 'project' : state.view === 'recent' ? 'all' : state.view;
  const [head, text] = filesStrings.empty[kind];
  const wayOn = kind === 'all' || kind === 'project'
    ? el('button', { type: 'button', class: 'button primary', onclick: () => byId('files-upload').click() }, filesStrings.upload.title)
    : kind === 'search' && !searchesAll(state) && (state.view !== 'all' || state.project)
      ? el('a', { class: 'button', href: addressOf({ ...state, project: null, view: 'all' }) }, filesStrings.empty.searchAll)
      : el('a', { class: 'button', href: '/?view=all' }, filesStrings.empty.showAll);
  return el('div', { class: 'empty tall', id: 'files-empty' },
    el('div', { class: 'ghosts', 'aria-hidden': 'true' }, el('span'), el('span'), el('span')),
    el('h2', {}, head), el('p', {}, text), wayOn);
}

const entries = (file) => fileEntries(file, { onChanged: changed, onGone: (next, old) => gone(next ?? old) });
const card = (file) => fileCard(file, { isRecent: hasOwnOrder(page.state) && !page.note, entries });
const cardOf = (key) => document.querySelector(`[data-file-key="${CSS.escape(key)}"]`);

function renderList() {
  const { state, files } = page;
  byId('files-note').textContent = state.view === 'trash' && files.length ? texts.trashNote : page.note;
  byId('files-list').replaceChildren(files.length
    ? el('ul', { class: 'files-grid', 'aria-label': title() }, ...files.map(card))
    : emptyState());
  byId('files-count').textContent = files.length ? texts.loaded(files.length, page.nextCursor !== null) : '';
  byId('files-more').hidden = page.nextCursor === null;
}

// --- loading -------------------------------------------------------------------------------------

const ask = (state, cursor) => get(`/files?${queryOf(state, cursor)}`);

/** Recents of somebody who has opened nothing yet are all their files. */
async function firstPage(state) {
  const recent = await ask(state);
  if (recent.files.length || !hasOwnOrder(state)) return { ...recent, note: '' };
  const all = await ask({ ...state, view: 'all' });
  return { ...all, note: all.files.length ? texts.nothingRecent : '' };
}

async function load() {
  const turn = ++page.loads;
  const { state } = page;
  const answer = await firstPage(state).catch((error) => {
    if (error.status === 404 && state.project) return { files: [], next_cursor: null, note: '' }; // said as an empty state
    throw error;
  });
  if (turn !== page.loads) return; // something else is looked at by now
  Object.assign(page, { files: answer.files, nextCursor: answer.next_cursor, note: answer.note });
  renderList();
}

async function more() {
  const state = page.note ? { ...page.state, view: 'all' } : page.state;
  const answer = await ask(state, page.nextCursor);
  const known = new Set(page.files.map(({ key }) => key));
  const fresh = answer.files.filter(({ key }) => !known.has(key));
  page.files.push(...fresh);
  page.nextCursor = answer.next_cursor;
  renderList();
  if (fresh.length) cardOf(fresh[0].key).querySelector('.file-open').focus();
}

const reload = () => fill(byId('files-list'), load, strings.error);

async function refresh() {
  page.projects = await loadProjects();
  renderHead();
}

// --- going about ---------------------------------------------------------------------------------

function show(state) {
  page.state = state;
  renderHead();
  return reload();
}

function go(state, { isStep = true } = {}) {
  history[isStep ? 'pushState' : 'replaceState'](null, '', addressOf(state));
  return show(state);
}

function followLinks(event) {
  const link = event.target.closest?.('a[href]');
  const isPlain = !(event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || link.origin !== location.origin || link.pathname !== '/' || link.closest('.bar')) return;
  event.preventDefault();
  go(viewOf(new URL(link.href)));
  byId('files-title').focus();
}

function startSearch() {
  const search = byId('files-search');
  let timer = 0;
  const now = () => {
    clearTimeout(timer);
    const words = search.value.trim();
    if (words !== page.state.search) go({ ...page.state, search: words }, { isStep: page.state.search === '' });
  };
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(now, SEARCH_PAUSE_MS);
  });
  search.addEventListener('search', now);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') now();
    if (event.key === 'Escape' && search.value) {
      event.preventDefault();
      search.value = '';
      now();
    }
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.matches('input, textarea, select, [contenteditable]') || document.querySelector('dialog[open]');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey || search.closest('[inert]')) return;
    event.preventDefault();
    search.focus();
  });
}

// --- what happens to files -----------------------------------------------------------------------

/** The same file, changed. It stays where it is, unless it is in another project now. */
function changed(file) {
  if (page.state.project && file.project?.id !== page.state.project) {
    gone(file);
    return;
  }
  page.files = page.files.map((each) => (each.key === file.key ? file : each));
  const fresh = card(file);
  cardOf(file.key).replaceWith(fresh);
  fresh.querySelector('[aria-haspopup]').focus();
  attempt(refresh);
}

/** A file is in this list no longer; the focus goes to the one that took its place. */
function gone({ key }) {
  const at = page.files.findIndex((each) => each.key === key);
  page.files = page.files.filter((each) => each.key !== key);
  renderList();
  const next = page.files[Math.min(at, page.files.length - 1)];
  (next ? cardOf(next.key).querySelector('[aria-haspopup]') : byId('files-title')).focus();
  attempt(refresh);
}

async function upload(given) {
  const { uploadFile } = await import('./files-upload.js');
  const file = await uploadFile({ project: page.state.project, given });
  if (!file) return;
  await refresh();
  const isHere = page.state.project ? file.project.id === page.state.project : page.state.view === 'all';
  if (isHere && !page.state.search) await reload();
  else await go({ ...page.state, view: 'all', project: file.project.id, search: '' });
  cardOf(file.key)?.classList.add('fresh');
  cardOf(file.key)?.querySelector('.file-open').focus();
}

async function newProject() {
  const project = await createProject();
  if (!project) return;
  page.projects = await loadProjects();
  await go({ ...page.state, view: 'all', project: project.id, search: '' });
  byId('files-title').focus();
}

// --- starting ------------------------------------------------------------------------------------

function start() {
  const run = (id, work) => byId(id).addEventListener('click', (event) => whileBusy(event.currentTarget, () => attempt(work)));
  run('files-upload', () => upload());
  run('project-new', newProject);
  run('files-more', more);
  byId('files-sort').append(...filesStrings.sorts.map(([value, label]) => el('option', { value }, label)));
  byId('files-sort').addEventListener('change', ({ target }) => go({ ...page.state, sort: target.value }, { isStep: false }));
  document.addEventListener('click', followLinks);
  addEventListener('popstate', () => {
    const state = viewOf(new URL(location.href));
    if (location.pathname === '/' && addressOf(state) !== addressOf(page.state)) show(state);
  });
  startSideToggle();
  startSearch();
  renderHead();
}

async function first() {
  await get('/team'); // makes it for somebody new, with a first project and the sample
  const [projects] = await Promise.all([loadProjects(), load()]);
  page.projects = projects;
  renderHead();
  renderList(); // again, by their names
}

start();
const opening = startFrame();
await fill(byId('files-list'), () => Promise.all([first(), opening]), strings.error);
acceptDrops((file) => attempt(() => upload(file)));
