// SPDX-License-Identifier: Apache-2.0
// The dialog in which an owner shares a file: somebody is named by email, and may view or edit. Each change is made at once.

import { del, get, openSession, put } from './api.js';
import { onCloseRequest } from './confirm.js';
import { el, fill, toast } from './dom.js';
import { onSubmit } from './form.js';
import { portrait } from './person.js';
import { filesStrings } from './strings-files.js';
import { strings } from './strings.js';

const texts = filesStrings.share;
const ROLES = ['viewer', 'editor'];

const roleOptions = (chosen) => ROLES.map((role) => el('option', { value: role, selected: role === chosen }, texts.roles[role]));

function addForm(onAdded, base) {
  const form = el('form', { class: 'share-form', method: 'post', novalidate: true },
    el('p', { class: 'alert', role: 'alert', data: { formError: '' } }),
    el('div', { class: 'share-fields' },
      el('div', { class: 'share-email' },
        el('label', { for: 'share-email' }, texts.email),
        el('input', { type: 'email', id: 'share-email', name: 'email', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'share-email-error', autofocus: true })),
      el('div', {},
        el('label', { for: 'share-role' }, texts.role),
        el('select', { id: 'share-role', name: 'role' }, ...roleOptions('viewer'))),
      el('button', { type: 'submit', class: 'button primary', id: 'share-add' }, texts.add)),
    el('p', { class: 'error', id: 'share-email-error', data: { errorFor: 'email' } }));
  onSubmit(form, { email: texts.emailRequired }, async ({ email, role }) => {
    const { person } = await put(`${base}/shares`, { email: email.trim(), role });
    form.reset();
    toast(texts.shared(person.handle));
    await onAdded();
    form.elements.email.focus();
  });
  return form;
}

export async function shareDialog(file, host) {
  const base = `/files/${file.key}`;
  const { person: me } = await openSession();
  const list = el('div', { id: 'share-list' }, el('p', { class: 'sub' }, filesStrings.working));
  const note = el('p', { class: 'alert', role: 'alert' });
  let isChanged = false;

  async function change(work) {
    note.textContent = '';
    try {
      await work();
      isChanged = true;
    } catch (error) {
      note.textContent = error.message;
    }
    await reload();
  }

  const setRole = ({ person }, role) => change(async () => {
    await put(`${base}/shares`, { email: person.email, role });
    toast(texts.changed(person.handle));
  });

  async function end({ person }) {
    await change(async () => {
      await del(`${base}/shares/${person.id}`);
      toast(texts.removed(person.handle));
    });
    dialog.querySelector('#share-email').focus();
  }

  const row = (person, control) => el('li', { class: 'share', data: { person: person.id } }, portrait(person),
    el('div', { class: 'share-who' }, el('strong', { dir: 'auto' }, person.handle), el('span', { class: 'sub' }, person.email ?? '')), ...control);

  const shareRow = (share) => row(share.person, [
    el('select', { 'aria-label': texts.roleOf(share.person.handle), onchange: ({ target }) => setRole(share, target.value), data: { testid: 'share-role' } }, ...roleOptions(share.role)),
    el('button', { type: 'button', class: 'button small', 'aria-label': texts.removeLabel(share.person.handle), onclick: () => end(share), data: { testid: 'share-remove' } }, texts.remove),
  ]);

  async function load() {
    const { shares } = await get(`${base}/shares`);
    const owner = row({ ...file.creator, ...(file.creator.id === me.id && { email: me.email }) }, [el('span', { class: 'badge' }, texts.owner)]);
    list.replaceChildren(el('ul', {}, owner, ...shares.map(shareRow)), shares.length ? '' : el('p', { class: 'sub' }, texts.nobody));
  }

  const reload = () => fill(list, load, strings.error);
  const added = () => {
    isChanged = true;
    return reload();
  };

  const dialog = el('dialog', { class: 'dialog share-dialog', id: 'share-dialog', 'aria-labelledby': 'share-title' },
    el('h2', { id: 'share-title' }, texts.title(file.name)),
    el('div', { class: 'dialog-body' }, addForm(added, base), el('h3', {}, texts.people), note, list),
    el('div', { class: 'actions' }, el('button', { type: 'button', class: 'button', id: 'share-done', onclick: () => dialog.close() }, filesStrings.close)));
  onCloseRequest(dialog, () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  const closed = new Promise((resolve) => dialog.addEventListener('close', resolve));
  await reload();
  await closed;
  dialog.remove();
  if (isChanged) host.onChanged(await get(base));
}
