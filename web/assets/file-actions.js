// SPDX-License-Identifier: Apache-2.0
// What can be done with a file as a whole. Each takes the file and its host (file-menu.js).

import { del, get, openSession, patch, post } from './api.js';
import { ask } from './ask.js';
import { confirm } from './confirm.js';
import { copyText } from './copy.js';
import { el, toast } from './dom.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.actions;
const addressOf = (file) => `/files/${file.key}`;

export async function copyLink(file) {
  const link = `${location.origin}/files/${file.key}`;
  toast((await copyText(link)) ? texts.linkCopied : link);
}

export async function rename(file, host) {
  let changed = file;
  const isDone = await ask({
    title: texts.renameTitle,
    fields: [{ name: 'name', label: texts.name, value: file.name, required: texts.nameRequired }],
    accept: texts.rename,
    action: async ({ name }) => {
      changed = await patch(addressOf(file), { name });
    },
  });
  if (!isDone) return;
  host.onChanged(changed);
  toast(texts.renamed(changed.name));
}

export async function move(file, host) {
  const { projects } = await get('/projects');
  let changed = file;
  const isDone = await ask({
    title: texts.moveTitle(file.name),
    fields: [{ name: 'project', label: texts.project, value: file.project?.id, options: projects.map(({ id, name }) => ({ value: id, label: name })) }],
    accept: texts.moveAccept,
    action: async ({ project }) => {
      changed = await patch(addressOf(file), { project });
    },
  });
  if (!isDone) return;
  host.onChanged(changed);
  toast(texts.moved(changed.name, changed.project.name));
}

export async function share(file, host) {
  const { shareDialog } = await import('./file-share.js');
  await shareDialog(file, host);
}

export async function upload(file, host, given) {
  const { uploadVersion } = await import('./files-upload.js');
  await uploadVersion(file, host.onChanged, given);
}

export async function trash(file, host) {
  const trashed = await del(addressOf(file));
  host.onGone(trashed);
  toast(texts.trashed(file.name));
}

export async function restore(file, host) {
  const restored = await post(`${addressOf(file)}/restore`);
  host.onGone(restored);
  toast(texts.restored(file.name));
}

export async function purge(file, host) {
  const isDone = await confirm({
    title: texts.purgeTitle(file.name),
    details: [el('p', {}, texts.purgeText)],
    accept: texts.purge,
    cancel: texts.purgeKeep,
    action: () => post(`${addressOf(file)}/purge`),
  });
  if (!isDone) return;
  host.onGone(null, file);
  toast(texts.purged(file.name));
}

export async function leave(file, host) {
  const { person } = await openSession();
  const isDone = await confirm({
    title: texts.leaveTitle(file.name),
    details: [el('p', {}, texts.leaveText)],
    accept: texts.leave,
    cancel: texts.leaveKeep,
    action: () => del(`${addressOf(file)}/shares/${person.id}`),
  });
  if (!isDone) return;
  host.onGone(null, file);
  toast(texts.left(file.name));
}
