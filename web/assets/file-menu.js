// SPDX-License-Identifier: Apache-2.0
// What a menu offers to do with a file, by what the person may. The doing itself is loaded when it is first wanted.
// A host is who shows the file: { onChanged(file), onGone(file) } are called when something happened to it.

import { ApiError } from './api.js';
import { toast } from './dom.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.actions;

/** Runs `work` and says so if it could not be done. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error instanceof ApiError ? error.message : strings.error.network);
    return undefined;
  }
}

const action = (name, file, host) => () => attempt(async () => (await import('./file-actions.js'))[name](file, host));

const isEditor = (file) => file.role !== 'viewer';
const isOwner = (file) => file.role === 'owner';

export const documentAddress = (file, version) => `/api/v1/files/${file.key}/document${version ? `?version=${version}` : ''}`;

/** The file as it is saved: its name, without what file systems do not take. */
export const savedName = (file, suffix = '') => `${file.name.replace(/[\\/:*?"<>|]/g, '-')}${suffix}.json`;

function trashEntries(file, host) {
  return [
    { id: 'restore', label: texts.restore, action: action('restore', file, host) },
    { id: 'purge', label: texts.purge, action: action('purge', file, host), isDanger: true },
  ];
}

/** The entries of a file's menu. On its own page it need not be opened. */
export function fileEntries(file, host, { onPage = false } = {}) {
  if (file.trashed_at) return trashEntries(file, host);
  const entry = (id, label, extra) => ({ id, label, action: action(id, file, host), ...extra });
  return [
    !onPage && entry('open', texts.open, { href: `/files/${file.key}` }),
    entry('copyLink', texts.copyLink),
    isEditor(file) && entry('rename', texts.rename),
    isOwner(file) && entry('move', texts.move),
    isOwner(file) && entry('share', texts.share),
    isEditor(file) && entry('upload', texts.upload),
    entry('download', texts.download, { href: documentAddress(file), download: savedName(file) }),
    isOwner(file) && entry('trash', texts.trash, { isDanger: true }),
    !isOwner(file) && entry('leave', texts.leave, { isDanger: true }),
  ].filter(Boolean);
}
