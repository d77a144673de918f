// SPDX-License-Identifier: Apache-2.0
// What can be done with projects.

import { del, patch, post } from './api.js';
import { ask } from './ask.js';
import { confirm } from './confirm.js';
import { el, toast } from './dom.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.project;

export async function create() {
  let made = null;
  await ask({
    title: filesStrings.side.newProject,
    fields: [{ name: 'name', label: texts.name, value: '', required: texts.nameRequired }],
    accept: texts.create,
    action: async ({ name }) => {
      made = await post('/projects', { name });
    },
  });
  if (made) toast(texts.created(made.name));
  return made;
}

export async function rename(project, onChanged) {
  let name = '';
  const isDone = await ask({
    title: texts.renameTitle,
    fields: [{ name: 'name', label: texts.name, value: project.name, required: texts.nameRequired }],
    accept: texts.rename,
    action: async (values) => {
      ({ name } = await patch(`/projects/${project.id}`, { name: values.name }));
    },
  });
  if (!isDone) return;
  await onChanged();
  toast(texts.renamed(name));
}

export async function remove(project, onGone) {
  const isDone = await confirm({
    title: texts.removeTitle(project.name),
    details: [el('p', {}, texts.removeText)],
    accept: texts.remove,
    cancel: texts.keep,
    action: () => del(`/projects/${project.id}`),
  });
  if (!isDone) return;
  await onGone();
  toast(texts.removed(project.name));
}
