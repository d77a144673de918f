// SPDX-License-Identifier: Apache-2.0
// The comments of a file: threads with replies and reactions, the newest thread first. What is written is about the layer that is
// looked at, if it is one; a thread leads back to it.

import { del, get, openSession, patch, post } from './api.js';
import { confirm } from './confirm.js';
import { byId, drawing, el, fill, toast, whileBusy } from './dom.js';
import { CHOICES, characterOf, nameOf } from './file-emoji.js';
import { attempt } from './file-menu.js';
import { lookAt } from './file-picture.js';
import { onChange, set, state } from './file-state.js';
import { menuButton } from './menu.js';
import { portrait } from './person.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';
import { relative, timeElement } from './time.js';

const texts = filesStrings.comments;
const SMILE = 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.75 9.5c1 1.5 3.5 1.5 4.5 0M6 6.25h.01M10 6.25h.01';

const view = { comments: [], me: null, showsResolved: false };
const base = () => `/files/${state.file.key}`;

// --- writing -------------------------------------------------------------------------------------

/** What is written is kept when it could not be sent. */
function composer({ label, accept, send, onLeave, note }) {
  const id = `write-${label.replace(/\W+/g, '-')}`;
  const text = el('textarea', { id, rows: onLeave ? 2 : 3, maxlength: 5000, 'aria-label': label, placeholder: label, 'aria-describedby': `${id}-error` });
  const problem = el('p', { class: 'error', id: `${id}-error`, role: 'alert' });
  const submit = el('button', { type: 'submit', class: 'button primary small' }, accept);
  const form = el('form', { class: 'composer', method: 'post', novalidate: true }, text, problem,
    el('div', { class: 'composer-end' }, note, onLeave && el('button', { type: 'button', class: 'button small', onclick: onLeave }, filesStrings.cancel), submit));
  const submitNow = () => whileBusy(submit, async () => {
    problem.textContent = text.value.trim() ? '' : texts.messageRequired;
    text.toggleAttribute('aria-invalid', false);
    if (problem.textContent) {
      text.setAttribute('aria-invalid', 'true');
      text.focus();
      return;
    }
    try {
      await send(text.value.trim());
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submitNow();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submitNow();
    if (event.key === 'Escape' && onLeave) onLeave();
  });
  return form;
}

/** A layer has an id of the document; pages are whole, and a comment on one is on the file. */
const isLayer = () => state.node && state.page && state.page.id !== state.node;

function mainComposer() {
  const note = el('span', { class: 'sub composer-note', id: 'comment-on' });
  const form = composer({
    label: texts.write, accept: texts.post, note,
    send: async (message) => {
      const clientMeta = isLayer() ? { node_id: state.node, node_offset: { x: 0, y: 0 } } : undefined;
      const made = await post(`${base()}/comments`, { message, client_meta: clientMeta });
      form.querySelector('textarea').value = '';
      await load();
      focusComment(made.id);
    },
  });
  form.id = 'comment-form';
  return form;
}

const showTarget = () => {
  const note = byId('comment-on');
  if (note) note.textContent = isLayer() ? texts.on(state.name) : '';
};

// --- one comment ---------------------------------------------------------------------------------

const elementOf = (id) => document.querySelector(`[data-comment="${CSS.escape(id)}"]`);
const focusComment = (id) => elementOf(id)?.focus();

async function react(comment, emoji, isMine) {
  if (isMine) await del(`${base()}/reactions?${new URLSearchParams({ comment_id: comment.id, emoji })}`);
  else await post(`${base()}/reactions`, { comment_id: comment.id, emoji });
  await load();
  const again = elementOf(comment.id)?.querySelector(`[data-emoji="${CSS.escape(emoji)}"]`);
  (again ?? elementOf(comment.id))?.focus();
}

function reactionNode(comment, { emoji, count, mine, people }) {
  const names = people.map(({ id, handle }) => (id === view.me ? texts.you : handle)).join(', ');
  return el('button', {
    type: 'button', class: 'reaction', 'aria-pressed': String(mine), title: names, 'aria-label': texts.reaction(nameOf(emoji), count, names, mine),
    onclick: (event) => whileBusy(event.currentTarget, () => attempt(() => react(comment, emoji, mine))), data: { emoji },
  }, characterOf(emoji), ' ', String(count));
}

function reactMenu(comment) {
  const has = new Set(comment.reactions.filter(({ mine }) => mine).map(({ emoji }) => emoji));
  return menuButton({
    label: texts.reactTo(comment.person.handle), face: drawing(SMILE), menuClass: 'emojis', testid: 'comment-react',
    entries: () => CHOICES.filter((emoji) => !has.has(emoji)).map((emoji) => ({
      id: `react-${nameOf(emoji)}`, label: characterOf(emoji), name: nameOf(emoji), action: () => attempt(() => react(comment, emoji, false)),
    })),
  });
}

async function resolve(comment, resolved) {
  await patch(`${base()}/comments/${comment.id}`, { resolved });
  await load();
  (elementOf(comment.id) ?? byId('comment-form').querySelector('textarea')).focus();
  toast(resolved ? texts.resolvedNow : texts.reopened);
}

async function remove(comment) {
  const isDone = await confirm({
    title: texts.removeTitle,
    details: [el('blockquote', { class: 'quote' }, comment.message), el('p', {}, texts.removeText)],
    accept: texts.remove,
    cancel: texts.removeKeep,
    action: () => del(`${base()}/comments/${comment.id}`),
  });
  if (!isDone) return;
  await load();
  byId('comment-form').querySelector('textarea').focus();
  toast(texts.removed);
}

function commentMenu(comment) {
  const isMine = comment.person.id === view.me;
  const mayResolve = !comment.parent_id && (isMine || state.file.role !== 'viewer');
  const entries = [
    mayResolve && { id: 'resolve', label: comment.resolved_at ? texts.reopen : texts.resolve, action: () => attempt(() => resolve(comment, !comment.resolved_at)) },
    (isMine || state.file.role === 'owner') && { id: 'remove', label: texts.remove, action: () => attempt(() => remove(comment)), isDanger: true },
  ].filter(Boolean);
  return entries.length > 0 && menuButton({ label: texts.actions(comment.person.handle), entries: () => entries, testid: 'comment-menu' });
}

function commentNode(comment) {
  return el('article', { class: 'comment', tabindex: -1, 'aria-label': comment.person.handle, data: { comment: comment.id } },
    el('header', { class: 'comment-head' }, portrait(comment.person),
      el('p', { class: 'comment-who' }, el('strong', { dir: 'auto' }, comment.person.handle), el('span', { class: 'sub' }, timeElement(comment.created_at, relative))),
      reactMenu(comment), commentMenu(comment)),
    el('p', { class: 'comment-text', dir: 'auto' }, comment.message),
    comment.reactions.length > 0 && el('p', { class: 'reactions' }, ...comment.reactions.map((each) => reactionNode(comment, each))));
}

// --- threads -------------------------------------------------------------------------------------

function replyPlace(thread) {
  const place = el('div', { class: 'reply' });
  const button = el('button', { type: 'button', class: 'link-button', 'aria-label': texts.replyTo(thread.person.handle), onclick: open, data: { testid: 'comment-reply' } }, texts.reply);

  function close() {
    place.replaceChildren(button);
    button.focus();
  }

  function open() {
    place.replaceChildren(composer({
      label: texts.replyTo(thread.person.handle), accept: texts.reply, onLeave: close,
      send: async (message) => {
        const made = await post(`${base()}/comments`, { message, parent_id: thread.id });
        await load();
        focusComment(made.id);
      },
    }));
    place.querySelector('textarea').focus();
  }

  place.append(button);
  return place;
}

function threadNode(thread, replies) {
  const node = thread.client_meta?.node_id;
  return el('li', { class: `thread${thread.resolved_at ? ' resolved' : ''}` },
    el('p', { class: 'thread-head' },
      el('span', { class: 'badge' }, `#${thread.order}`),
      thread.resolved_at && el('span', { class: 'badge good' }, texts.resolved),
      node && el('button', { type: 'button', class: 'link-button', onclick: () => lookAt(node), data: { testid: 'comment-layer' } }, texts.showLayer)),
    commentNode(thread),
    replies.length > 0 && el('div', { class: 'replies' }, ...replies.map(commentNode)),
    replyPlace(thread));
}

function render() {
  const threads = view.comments.filter(({ parent_id: parent }) => !parent).reverse();
  const resolved = threads.filter((thread) => thread.resolved_at);
  const shown = threads.filter((thread) => !thread.resolved_at || view.showsResolved);
  const repliesOf = (thread) => view.comments.filter(({ parent_id: parent }) => parent === thread.id);
  byId('comments-list').replaceChildren(...[
    resolved.length > 0 && el('label', { class: 'check' },
      el('input', { type: 'checkbox', id: 'comments-resolved', checked: view.showsResolved, onchange: toggleResolved }), el('span', {}, texts.showResolved(resolved.length))),
    shown.length > 0 && el('ol', { class: 'threads' }, ...shown.map((thread) => threadNode(thread, repliesOf(thread)))),
    threads.length === 0 && el('div', { class: 'empty small' }, el('h3', {}, texts.none), el('p', {}, texts.noneText)),
  ].filter(Boolean));
  byId('tab-comments-count').textContent = String(threads.length - resolved.length || '');
}

function toggleResolved({ target }) {
  view.showsResolved = target.checked;
  render();
  byId('comments-resolved').focus();
}

async function load() {
  const [{ comments }, { person }] = await Promise.all([get(`${base()}/comments`), openSession()]);
  Object.assign(view, { comments, me: person.id });
  render();
  set({ comments });
}

/** What somebody did elsewhere (file-live.js). */
function takeOver() {
  if (JSON.stringify(state.comments) === JSON.stringify(view.comments)) return;
  const focused = byId('comments-list').contains(document.activeElement) && document.activeElement.closest('[data-comment]');
  view.comments = state.comments;
  render();
  if (focused) focusComment(focused.dataset.comment);
}

/** Draws the panel. What is being written stays when it is drawn again. */
export async function showComments(panel) {
  if (!byId('comment-form')) {
    panel.replaceChildren(mainComposer(), el('div', { id: 'comments-list' }, el('p', { class: 'sub' }, filesStrings.working)));
    onChange((changes) => (changes.has('node') || changes.has('name') || changes.has('page')) && showTarget());
    onChange((changes) => changes.has('comments') && takeOver());
    showTarget();
  }
  await fill(byId('comments-list'), load, strings.error);
}
