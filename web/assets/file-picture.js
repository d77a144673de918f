// SPDX-License-Identifier: Apache-2.0
// The picture of the page or layer that is looked at, as the server draws it, and how large it is shown. An SVG knows its own size; fit
// means as large as there is room, but not larger than itself.

import { byId, el } from './dom.js';
import { onChange, query, set, state } from './file-state.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.picture;
const STEPS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];
const MARGIN = 48;

const view = { image: null, scale: 'fit' };

/** With its version, so that another one is another picture for the browser too. */
const addressOfPicture = () => `/api/v1/files/${state.file.key}/picture${query({ node: state.node, version: state.file.version })}`;

// --- zoom ----------------------------------------------------------------------------------------

function fitScale({ naturalWidth, naturalHeight }) {
  const box = byId('stage');
  return Math.min(1, Math.max(0.01, (box.clientWidth - MARGIN) / naturalWidth), Math.max(0.01, (box.clientHeight - MARGIN) / naturalHeight));
}

const scaleNow = () => (view.scale === 'fit' ? fitScale(view.image) : view.scale);

function apply() {
  const isShown = view.image?.naturalWidth > 0;
  for (const id of ['zoom-in', 'zoom-out', 'zoom-fit']) byId(id).disabled = !isShown;
  if (!isShown) return;
  const scale = scaleNow();
  view.image.style.width = `${Math.round(view.image.naturalWidth * scale)}px`;
  byId('zoom-value').textContent = texts.zoom(Math.round(scale * 100));
  byId('zoom-fit').setAttribute('aria-pressed', String(view.scale === 'fit'));
}

/** To the next step, around the middle of what is seen. */
function zoomTo(scale) {
  const box = byId('stage');
  const before = scaleNow();
  const middle = [box.scrollLeft + box.clientWidth / 2, box.scrollTop + box.clientHeight / 2];
  view.scale = scale;
  apply();
  const ratio = scaleNow() / before;
  box.scrollTo(middle[0] * ratio - box.clientWidth / 2, middle[1] * ratio - box.clientHeight / 2);
}

const zoomIn = () => zoomTo(STEPS.find((step) => step > scaleNow() + 0.001) ?? STEPS.at(-1));
const zoomOut = () => zoomTo(STEPS.findLast((step) => step < scaleNow() - 0.001) ?? STEPS[0]);
const zoomFit = () => zoomTo('fit');

// --- the picture ---------------------------------------------------------------------------------

function say(words, retry) {
  byId('stage').replaceChildren(el('div', { class: 'stage-note', role: 'status' },
    el('p', {}, words),
    retry && el('button', { type: 'button', class: 'button small', onclick: load }, filesStrings.retry)));
  view.image = null;
  apply();
}

/** An <img> does not tell why it failed; asking again does. */
async function sayWhy() {
  const { node, name } = state;
  const answer = await fetch(addressOfPicture(), { headers: { Accept: 'image/svg+xml' } }).catch(() => null);
  if (node !== state.node) return;
  if (answer?.status === 204) say(texts.nothing(name));
  else say(texts.failed, true);
}

function load() {
  if (!state.node) return;
  const image = el('img', { class: 'stage-picture', alt: texts.alt(state.name), draggable: 'false', decoding: 'async' });
  byId('stage').setAttribute('aria-busy', 'true');
  const done = () => view.pending === image && byId('stage').removeAttribute('aria-busy');
  image.addEventListener('load', () => {
    if (view.pending !== image) return;
    done();
    view.image = image;
    view.scale = 'fit';
    byId('stage').replaceChildren(image);
    apply();
  });
  image.addEventListener('error', () => {
    if (view.pending !== image) return;
    done();
    sayWhy();
  });
  view.pending = image;
  image.src = addressOfPicture();
  byId('picture-open').href = addressOfPicture();
  byId('picture-name').textContent = state.name;
}

export function startPicture() {
  byId('zoom-in').addEventListener('click', zoomIn);
  byId('zoom-out').addEventListener('click', zoomOut);
  byId('zoom-fit').addEventListener('click', zoomFit);
  byId('stage').addEventListener('keydown', (event) => {
    const act = { '+': zoomIn, '=': zoomIn, '-': zoomOut, 0: zoomFit }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || !view.image) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(() => view.scale === 'fit' && apply()).observe(byId('stage'));
  onChange((changes) => {
    if (changes.has('node') || changes.has('version') || changes.has('file')) load();
    else if (changes.has('name')) {
      byId('picture-name').textContent = state.name;
      if (view.image) view.image.alt = texts.alt(state.name);
    }
  });
  load();
}

/** Shows a node that something else on the page speaks of. */
export const lookAt = (node) => set({ node, name: '' });
