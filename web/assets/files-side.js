// SPDX-License-Identifier: Apache-2.0
// The side of the file browser: views and projects. On phones it lies behind a button that names what is shown.

import { get } from './api.js';
import { byId, drawing, el } from './dom.js';
import { attempt } from './file-menu.js';
import { menuButton } from './menu.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.side;
const projectTexts = filesStrings.project;
const ICONS = {
  recent: 'M8 4.5V8l2.5 1.5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  all: 'M2.5 2.5h4.25v4.25H2.5zM9.25 2.5h4.25v4.25H9.25zM2.5 9.25h4.25v4.25H2.5zM9.25 9.25h4.25v4.25H9.25z',
  shared: 'M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5zM1.75 13a4.25 4.25 0 0 1 8.5 0M10.5 3.2a2.25 2.25 0 0 1 0 4.2M12 9.2a4.25 4.25 0 0 1 2.25 3.8',
  trash: 'M2.5 4h11M6 4V2.5h4V4M4 4l.75 9.5h6.5L12 4M6.75 6.75v4M9.25 6.75v4',
  project: 'M1.75 12.5v-9h4.5L8 5.25h6.25v7.25z',
};

function link(address, iconName, name, isCurrent, count) {
  return el('a', { class: 'side-link', href: address, 'aria-current': isCurrent ? 'page' : undefined },
    drawing(ICONS[iconName]),
    el('span', { class: 'side-name', dir: 'auto' }, name),
    count !== undefined && el('span', { class: 'side-count', title: texts.files(count) }, el('span', { 'aria-hidden': 'true' }, String(count)), el('span', { class: 'visually-hidden' }, texts.files(count))));
}

const viewItem = (view, state) => el('li', {},
  link(view === 'recent' ? '/' : `/?view=${view}`, view, filesStrings.views[view], !state.project && state.view === view));

function projectItem(project, state) {
  return el('li', {}, link(`/?project=${project.id}`, 'project', project.name, state.project === project.id, project.file_count));
}

/** Draws it for what is looked at. */
export function renderSide(state, projects) {
  byId('side-views').replaceChildren(...['recent', 'all', 'shared', 'trash'].map((view) => viewItem(view, state)));
  byId('side-projects').replaceChildren(...projects.map((project) => projectItem(project, state)));
  byId('side-toggle-name').textContent = projects.find(({ id }) => id === state.project)?.name ?? filesStrings.views[state.view];
}

const action = (name, ...words) => attempt(async () => (await import('./project-actions.js'))[name](...words));

/** Resolves to the new project, or to nothing. */
export const createProject = () => action('create');

/** The menu of a project, for its title. */
export const projectMenu = (project, { onChanged, onGone }) => menuButton({
  label: texts.projectActions(project.name),
  testid: 'project-menu',
  entries: () => [
    { id: 'rename', label: projectTexts.rename, action: () => action('rename', project, onChanged) },
    { id: 'remove', label: projectTexts.remove, action: () => action('remove', project, onGone), isDanger: true },
  ],
});

export const loadProjects = async () => (await get('/projects')).projects;

export function startSideToggle() {
  const button = byId('side-toggle');
  const side = byId('side');
  const set = (isOpen) => {
    side.classList.toggle('open', isOpen);
    button.setAttribute('aria-expanded', String(isOpen));
  };
  button.addEventListener('click', () => set(!side.classList.contains('open')));
  side.addEventListener('click', (event) => event.target.closest('a') && set(false));
  side.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !side.classList.contains('open')) return;
    set(false);
    button.focus();
  });
}
