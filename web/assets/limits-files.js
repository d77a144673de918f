// SPDX-License-Identifier: Apache-2.0
// The picker of files and projects that a new token is limited to: what is chosen as chips, and below them a search over all that the
// person can see. Which of them match is the server's to say; a page of them is shown.

import { ApiError, get } from './api.js';
import { el, fill, icon } from './dom.js';
import { fileLimit, projectLimit } from './limits.js';
import { limitsStrings } from './strings-limits.js';
import { strings } from './strings.js';

const SEARCH_MS = 150;
const PAGE = 50;
const texts = limitsStrings.section;

const idOf = ({ parameter, value }) => `${parameter}=${value}`;

/** The fieldset { node, limits(), choose(limits, names), isEmpty(), load() }; `onChange` is called when something else is chosen. */
export function filesPart(onChange) {
  const chosen = new Map(); // idOf() → { limit, name }
  let projects = null; // null: not read yet; false: there is no such product
  let asked = 0;
  let typing = 0;

  const chips = el('ul', { class: 'picked', id: 'limits-chosen', 'aria-label': texts.chosen });
  const number = el('span', { class: 'sub', id: 'limits-chosen-count', 'aria-live': 'polite' });
  const search = el('input', { id: 'limits-search', type: 'search', placeholder: texts.search, 'aria-label': texts.search, autocomplete: 'off', spellcheck: 'false' });
  const list = el('div', { class: 'pick-list', id: 'limits-results', role: 'group', 'aria-label': texts.results });
  const told = el('p', { class: 'sub', id: 'limits-told', role: 'status' });
  const picker = el('div', { class: 'picker' }, el('div', { class: 'scope-tools' }, search, number), list, told);
  const node = el('fieldset', { class: 'field', id: 'limits-files', 'aria-describedby': 'limits-files-hint limits-files-error' },
    el('legend', {}, texts.filesTitle), chips, picker,
    el('p', { class: 'hint', id: 'limits-files-hint' }, texts.filesHint),
    el('p', { class: 'error', id: 'limits-files-error' }));

  // --- what is chosen

  function drawChips() {
    chips.replaceChildren(...[...chosen].map(([id, { name }]) => el('li', { class: 'pick' },
      el('span', { dir: 'auto' }, name),
      el('button', { type: 'button', 'aria-label': texts.takeAway(name), data: { testid: 'limits-take-away' }, onclick: () => takeAway(id) }, icon('cross')))));
    number.textContent = texts.chosenCount(chosen.size);
    for (const box of list.querySelectorAll('input')) box.checked = chosen.has(box.value);
  }

  function changed() {
    drawChips();
    onChange();
  }

  /** The focus goes to what comes after it, or the search. */
  function takeAway(id) {
    const at = [...chosen.keys()].indexOf(id);
    chosen.delete(id);
    changed();
    const buttons = chips.querySelectorAll('button');
    (buttons[Math.min(at, buttons.length - 1)] ?? search).focus();
  }

  // --- what there is

  function choice(limit, name, below) {
    const id = idOf(limit);
    const box = el('input', { type: 'checkbox', value: id, data: { pick: limit.value }, onchange: () => {
      if (box.checked) chosen.set(id, { limit, name });
      else chosen.delete(id);
      changed();
    } });
    return el('label', { class: 'scope' }, box, el('span', { class: 'scope-text' }, el('span', { dir: 'auto' }, name), el('span', { class: 'sub', dir: 'auto' }, below)));
  }

  const below = (file) => (file.project ? texts.fileIn(file.project.name) : texts.fileShared(file.creator.handle));

  async function read() {
    const turn = (asked += 1);
    const words = search.value.trim();
    projects ??= (await get('/projects')).projects;
    const { files, next_cursor: next } = await get(`/files?view=all&sort=name&limit=${PAGE}&search=${encodeURIComponent(words)}`);
    if (turn !== asked) return; // something else was typed meanwhile
    const found = projects.filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()));
    list.replaceChildren(
      ...found.map((each) => choice(projectLimit(each.id), each.name, texts.project(each.file_count))),
      ...files.map((file) => choice(fileLimit(file.key), file.name, below(file))));
    const isNothing = found.length + files.length === 0;
    list.hidden = isNothing;
    told.textContent = isNothing ? (words ? texts.noMatch : texts.nothing) : next ? texts.moreFiles : '';
    drawChips();
  }

  async function load() {
    if (projects === false || list.childElementCount) return;
    await fill(list, async () => {
      try {
        await read();
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
        projects = false; // files are switched off
        picker.hidden = true;
        onChange();
      }
    }, strings.error);
  }

  search.addEventListener('input', (event) => {
    event.stopPropagation(); // nothing of the form has changed
    clearTimeout(typing);
    typing = setTimeout(() => fill(list, read, strings.error), SEARCH_MS);
  });
  search.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());

  return {
    node,
    load,
    limits: () => [...chosen.values()].map(({ limit }) => limit),
    isThere: () => projects !== false || chosen.size > 0,
    choose(limits, names) {
      chosen.clear();
      for (const limit of limits) chosen.set(idOf(limit), { limit, name: names.get(limit.value) ?? limit.value });
      clearTimeout(typing);
      asked += 1;
      search.value = '';
      list.replaceChildren();
      if (projects) projects = null;
      drawChips();
    },
  };
}
