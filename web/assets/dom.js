// SPDX-License-Identifier: Apache-2.0
// The few helpers with which all modules build and announce what they show.
// Texts always become text nodes: nothing here, or anywhere in the pages, parses a string as markup.

const SVG = 'http://www.w3.org/2000/svg';

const ICONS = {
  check: 'M3.5 8.5l3 3 6-7',
  copy: 'M6 6h7v7.5H6zM10 3.5H3V11',
  cross: 'M5 5l6 6M11 5l-6 6',
  down: 'M4.5 9.5L8 13l3.5-3.5M8 13V3',
  link: 'M7 9.5L9.5 7M6.5 5.5l1.7-1.7a2.8 2.8 0 014 4L10.5 9.5M9.5 10.5l-1.7 1.7a2.8 2.8 0 01-4-4l1.7-1.7',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  up: 'M4.5 6.5L8 3l3.5 3.5M8 3v10',
  warning: 'M8 2.5l6 11H2zM8 6.5v3M8 11.5h.01',
};

export const byId = (id) => document.getElementById(id);

/** el('button', { class: 'x', type: 'button', onclick: fn, data: { id: 1 } }, 'text', node, …) */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'data') Object.assign(node.dataset, value);
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An icon of a page's own: the path of one stroke in a square of 16 by 16. */
export function drawing(d) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', d);
  svg.append(path);
  return svg;
}

export const icon = (name) => drawing(ICONS[name]);

const styles = new Map(); // address of a style sheet that was asked for → a promise of it

/** Resolves once the style sheet is there. */
export function loadStyle(href) {
  const link = document.querySelector(`link[href="${CSS.escape(href)}"]`) ?? el('link', { rel: 'stylesheet', href });
  if (link.isConnected) return styles.get(href) ?? Promise.resolve();
  styles.set(href, new Promise((resolve, reject) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => {
      link.remove(); // so that it is asked for again
      reject(new Error(href));
    });
  }));
  document.head.append(link);
  return styles.get(href);
}

/**
 * A document of ours that others take parts of, with its style sheets: parsed by the browser, no script in it runs. It has an element
 * `id`, or it is another one, to sign in with.
 */
export async function pageWith(id, address) {
  const page = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    request.responseType = 'document';
    request.addEventListener('loadend', () => {
      const { status, response } = request;
      if (status === 200 && response?.getElementById(id)) resolve(response);
      else reject(new Error(`${address}: ${status}`));
    });
    request.send();
  });
  await Promise.all([...page.querySelectorAll('link[rel="stylesheet"]')].map((link) => loadStyle(link.getAttribute('href'))));
  return page;
}

/** A short message in the corner, read out by screen readers, gone after a while. */
export function toast(message) {
  const note = el('p', { class: 'toast' }, icon('check'), message);
  byId('toasts').append(note);
  setTimeout(() => note.remove(), Math.max(7000, message.length * 90)); // as long as it takes to read
}

/** From a second on the button says `label`, and `status` says `text`. Returns what puts back what was there. */
function whenLong(button, { label, status, text }) {
  const before = [button.textContent, status.textContent];
  const timer = setTimeout(() => {
    button.textContent = label;
    status.textContent = text;
  }, 1000);
  return () => {
    clearTimeout(timer);
    [button.textContent, status.textContent] = before;
  };
}

/**
 * Marks a button as working while `work` runs; a second click meanwhile does nothing. `waiting`, of a button with nothing but a text,
 * is what to say when that takes long: { label, status, text }.
 */
export async function whileBusy(button, work, waiting = null) {
  if (button.getAttribute('aria-busy') === 'true') return undefined;
  const putBack = waiting && whenLong(button, waiting);
  button.setAttribute('aria-busy', 'true');
  try {
    return await work();
  } finally {
    button.removeAttribute('aria-busy');
    putBack?.();
  }
}

/** Fills `container` by `load`, or shows why it could not and offers to try again. */
export async function fill(container, load, texts) {
  try {
    await load();
  } catch (error) {
    const again = el('button', { type: 'button', class: 'button', onclick: () => fill(container, load, texts) }, texts.retry);
    container.replaceChildren(el('div', { class: 'notice', role: 'alert' }, el('p', {}, texts.load, ' ', error.message), again));
  }
}
