// SPDX-License-Identifier: Apache-2.0
// The page of one file: its pages and layers, the picture of what is chosen there, and tabs with comments, versions and details.
// The parts know one another only through file-state.js.

import { get } from './api.js';
import { byId, drawing, el, fill, toast } from './dom.js';
import { acceptDrops } from './files-drop.js';
import { attempt, fileEntries } from './file-menu.js';
import { onChange, set, state } from './file-state.js';
import { startFrame } from './frame.js';
import { menuButton } from './menu.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';
import { full, relative, timeElement } from './time.js';

const texts = filesStrings.file;
const [, , KEY] = location.pathname.split('/');
const BACK = 'M10 3.5L5.5 8l4.5 4.5';
const TABS = {
  comments: async (panel) => {
    const [{ showComments }, { keepCommentsTrue }] = await Promise.all([import('./file-comments.js'), import('./file-live.js')]);
    await showComments(panel);
    keepCommentsTrue(panel);
  },
  versions: async (panel) => (await import('./file-versions.js')).showVersions(panel, { onUpload: () => act('upload') }),
  details: async (panel) => (await import('./file-details.js')).showDetails(panel),
};

const host = {
  onChanged: (file) => set({ file, ...(file.version !== state.file.version && { version: null }) }),
  onGone: (next) => (next ? location.reload() : location.assign('/')),
};

const act = (name, ...more) => attempt(async () => (await import('./file-actions.js'))[name](state.file, host, ...more));

// --- head ----------------------------------------------------------------------------------------

function renderHead() {
  const { file } = state;
  const isOwner = file.role === 'owner';
  document.title = texts.title(file.name);
  byId('file-name').textContent = file.name;
  byId('file-sub').replaceChildren(...[
    file.project && el('a', { href: `/?project=${file.project.id}` }, file.project.name),
    !isOwner && el('span', {}, texts.byOwner(file.creator.handle)),
    el('span', {}, texts.edited, timeElement(file.last_touched_at, relative)),
    !isOwner && el('span', { class: 'badge' }, file.role === 'viewer' ? texts.viewOnly : texts.canEdit),
  ].filter(Boolean));
  byId('tab-comments-count').textContent = String(file.comment_count || ''); // until the comments are loaded, which may be never
  byId('file-share').hidden = !isOwner || Boolean(file.trashed_at);
  const focused = document.activeElement?.closest('#file-menu');
  byId('file-menu').replaceChildren(menuButton({ label: texts.actions, entries: () => fileEntries(state.file, host, { onPage: true }), testid: 'file-menu' }));
  if (focused) byId('file-menu').querySelector('button').focus();
}

async function renderVersionNote() {
  const place = byId('file-note');
  place.replaceChildren();
  if (!state.version) return;
  const version = state.version;
  const { versions } = await get(`/files/${KEY}/versions?cursor=${Number(version) + 1}&limit=1`);
  if (state.version !== version) return;
  const when = versions[0] ? timeElement(versions[0].created_at, full) : filesStrings.versions.number(version);
  place.replaceChildren(el('div', { class: 'file-banner', role: 'status' }, el('p', {}, texts.oldVersion, when, '.'),
    el('button', { type: 'button', class: 'button small', id: 'to-newest', onclick: toNewest }, texts.toNewest)));
}

function toNewest() {
  set({ version: null });
  byId('stage').focus();
}

// --- tabs ----------------------------------------------------------------------------------------

async function showTab(name, isFocused) {
  for (const tab of Object.keys(TABS)) {
    const isChosen = tab === name;
    byId(`tab-${tab}`).setAttribute('aria-selected', String(isChosen));
    byId(`tab-${tab}`).tabIndex = isChosen ? 0 : -1;
    byId(`panel-${tab}`).hidden = !isChosen;
  }
  if (isFocused) byId(`tab-${name}`).focus();
  const panel = byId(`panel-${name}`);
  if (panel.dataset.shown) return;
  panel.dataset.shown = 'yes';
  try {
    await TABS[name](panel);
  } catch {
    delete panel.dataset.shown;
    toast(strings.error.network);
  }
}

function startTabs() {
  const names = Object.keys(TABS);
  const list = byId('file-tabs');
  list.addEventListener('click', (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) set({ tab: tab.dataset.tab === names[0] ? null : tab.dataset.tab });
  });
  list.addEventListener('keydown', (event) => {
    const at = names.indexOf(event.target.closest('[role="tab"]')?.dataset.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const name = names.at(to % names.length);
    set({ tab: name === names[0] ? null : name });
    byId(`tab-${name}`).focus();
  });
  const current = () => (names.includes(state.tab) ? state.tab : names[0]);
  onChange((changes) => changes.has('tab') && showTab(current()));
  return showTab(current());
}

// --- instead of the file -------------------------------------------------------------------------

function showInstead(title, text, ...ways) {
  byId('file').replaceChildren(el('section', { class: 'empty tall file-instead', id: 'file-instead' }, el('h1', {}, title), el('p', {}, text), el('div', { class: 'actions' }, ...ways)));
}

const toFiles = () => el('a', { class: 'button primary', href: '/' }, texts.toFiles);

function showTrashed(file) {
  state.file = file;
  document.title = texts.title(file.name);
  const button = (name, className) => el('button', { type: 'button', class: `button ${className}`, onclick: () => act(name), data: { testid: name } }, filesStrings.actions[name]);
  showInstead(file.name, texts.inTrash, button('restore', 'primary'), button('purge', ''));
}

// --- starting ------------------------------------------------------------------------------------

function startDisclosure() {
  const button = byId('layers-toggle');
  button.addEventListener('click', () => {
    const isOpen = byId('layers-pane').classList.toggle('open');
    button.setAttribute('aria-expanded', String(isOpen));
  });
}

async function start(file) {
  const [{ startLayers }, { startPicture }] = await Promise.all([import('./file-layers.js'), import('./file-picture.js')]);
  state.file = file;
  if (state.version === file.version) set({ version: null });
  renderHead();
  byId('file-share').addEventListener('click', () => act('share'));
  startDisclosure();
  onChange((changes) => {
    if (changes.has('file')) renderHead();
    if (changes.has('version')) attempt(renderVersionNote);
  });
  const layers = startLayers();
  startPicture();
  await Promise.all([layers, startTabs(), attempt(renderVersionNote)]);
  if (file.role === 'viewer') return;
  acceptDrops((dropped) => act('upload', dropped));
}

async function open() {
  try {
    const file = await get(`/files/${KEY}`);
    if (file.trashed_at) showTrashed(file);
    else await start(file);
  } catch (error) {
    if (error.status !== 404) throw error;
    showInstead(texts.missingTitle, texts.missingText, toFiles());
  }
}

byId('file-back').prepend(drawing(BACK));
const opening = startFrame();
await fill(byId('file-problem'), () => Promise.all([open(), opening]), strings.error);
