// SPDX-License-Identifier: Apache-2.0
// The dialog that uploads a document, as a new file or as a new version of one. What went wrong is said in it, with everything that
// was entered still there; while the bytes go, it shows how far they are, and Cancel stops them.

import { get } from './api.js';
import { upload } from './api-upload.js';
import { onCloseRequest } from './confirm.js';
import { drawing, el, toast } from './dom.js';
import { clearErrors, setFieldError, showError } from './form.js';
import { bytes, filesStrings } from './strings-files.js';
import { whyNot } from './upload-check.js';

const texts = filesStrings.upload;
const ARROW = 'M8 10.5v-8M4.75 5.5L8 2.25l3.25 3.25M2.5 10.5v3h11v-3';

const field = (name, label, control, hint) => el('div', { class: 'field' },
  el('label', { for: `upload-${name}` }, label),
  control,
  hint && el('p', { class: 'hint', id: `upload-${name}-hint` }, hint),
  el('p', { class: 'error', id: `upload-${name}-error`, data: { errorFor: name } }));

const textField = (name, label, hint) => field(name, label,
  el('input', { type: 'text', id: `upload-${name}`, name, autocomplete: 'off', 'aria-describedby': `upload-${name}-error${hint ? ` upload-${name}-hint` : ''}` }), hint);

function projectField(projects, project) {
  const options = projects.map(({ id, name }) => el('option', { value: id, selected: id === project }, name));
  return field('project', texts.project, el('select', { id: 'upload-project', name: 'project', 'aria-describedby': 'upload-project-error' }, ...options));
}

function fileField(onChosen) {
  const input = el('input', { type: 'file', id: 'upload-file', class: 'visually-hidden', accept: '.json,application/json', 'aria-describedby': 'upload-file-hint upload-file-error' });
  const chosen = el('span', { class: 'upload-chosen' }, texts.choose);
  const size = el('span', { class: 'sub' });
  input.addEventListener('change', () => input.files.length && onChosen(input.files[0]));
  const node = el('div', { class: 'field' },
    input,
    el('label', { for: 'upload-file', class: 'upload-drop', id: 'upload-drop' }, drawing(ARROW), el('span', { class: 'visually-hidden' }, `${texts.file}: `), chosen, size),
    el('p', { class: 'hint', id: 'upload-file-hint' }, texts.hint),
    el('p', { class: 'error', id: 'upload-file-error', data: { errorFor: 'file' } }));
  return {
    node,
    show(file) {
      chosen.textContent = file.name;
      size.textContent = bytes(file.size);
    },
  };
}

/** Where the upload stands: a bar, and in words for those who do not see it. */
function progressView() {
  const bar = el('progress', { class: 'upload-bar', id: 'upload-bar', max: 1, value: 0, 'aria-label': texts.progress });
  const words = el('p', { class: 'sub', id: 'upload-words', role: 'status' });
  const node = el('div', { class: 'upload-progress', hidden: true }, bar, words);
  let told = -1;
  return {
    node,
    show(share) {
      node.hidden = false;
      bar.value = share;
      const percent = Math.floor(share * 100);
      const step = share >= 1 ? 100 : Math.floor(percent / 10) * 10; // not every percent is worth reading out
      if (step === told) return;
      told = step;
      words.textContent = share >= 1 ? texts.checking : texts.sent(percent);
    },
    hide() {
      told = -1;
      node.hidden = true;
    },
  };
}

/** `send(file, values, options)` uploads; resolves to what it gave, or to null when left. */
function uploadDialog({ title, fields, file: given, send }) {
  return new Promise((resolve) => {
    let file = null;
    let running = null; // its AbortController
    let result = null;
    const chosen = fileField(choose);
    const progress = progressView();
    const submit = el('button', { type: 'submit', class: 'button primary', id: 'upload-submit' }, texts.accept);
    const form = el('form', { class: 'dialog-form', method: 'post', novalidate: true },
      el('h2', { id: 'upload-title' }, title),
      el('div', { class: 'dialog-body' },
        el('p', { class: 'alert', role: 'alert', id: 'upload-error', data: { formError: '' } }),
        chosen.node, ...fields, progress.node),
      el('div', { class: 'actions' },
        el('button', { type: 'button', class: 'button', id: 'upload-cancel', onclick: leave }, filesStrings.cancel),
        submit));
    const dialog = el('dialog', { class: 'dialog narrow', id: 'upload-dialog', 'aria-labelledby': 'upload-title' }, form);

    async function choose(next) {
      file = next;
      chosen.show(file);
      clearErrors(form);
      const words = await whyNot(next);
      if (words && file === next) setFieldError(form, 'file', words);
    }

    /** The first Cancel stops what is under way, the next one leaves. */
    function leave() {
      if (running) running.abort();
      else dialog.close();
    }

    function setRunning(controller) {
      running = controller;
      submit.disabled = controller !== null;
      for (const control of form.querySelectorAll('input, select')) control.disabled = controller !== null;
      if (!controller) progress.hide();
    }

    async function start() {
      const values = Object.fromEntries(new FormData(form));
      setRunning(new AbortController());
      try {
        result = await send(file, values, { onProgress: progress.show, signal: running.signal });
        dialog.close();
      } catch (error) {
        setRunning(null);
        if (error.name === 'AbortError') form.querySelector('[data-form-error]').textContent = texts.stopped;
        else if (error.reason === 'document_invalid') form.querySelector('[data-form-error]').textContent = texts.invalid(error.message);
        else showError(form, error);
        submit.focus();
      }
    }

    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const words = file ? await whyNot(file) : texts.fileRequired;
      if (running) return;
      clearErrors(form);
      if (words) {
        setFieldError(form, 'file', words);
        form.querySelector('#upload-file').focus();
      } else {
        start();
      }
    });
    form.addEventListener('dragover', (event) => event.preventDefault());
    form.addEventListener('drop', (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (!running && event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
    });
    onCloseRequest(dialog, leave);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    if (given) choose(given);
    dialog.showModal();
    form.querySelector(given ? '#upload-submit' : '#upload-file').focus();
  });
}

function addressWith(path, values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value?.trim()));
  return query.size ? `${path}?${query}` : path;
}

/** Asks for a document and makes it a file, in `project` if that is not changed. `given`: one that was dropped. Resolves to it or null. */
export async function uploadFile({ project, given }) {
  const { projects } = await get('/projects');
  const made = await uploadDialog({
    title: texts.title,
    fields: [textField('name', texts.name, texts.nameHint), projectField(projects, project)],
    file: given,
    send: (file, values, options) => upload(addressWith('/files', values), file, options),
  });
  if (made) toast(texts.done(made.name));
  return made;
}

/** The same for a new version of `file`. */
export async function uploadVersion(file, onChanged, given) {
  const changed = await uploadDialog({
    title: texts.versionTitle(file.name),
    fields: [textField('label', texts.label), textField('description', texts.description)],
    file: given,
    send: (document_, values, options) => upload(addressWith(`/files/${file.key}/versions`, values), document_, options),
  });
  if (!changed) return;
  onChanged(changed);
  toast(texts.versionDone(changed.name));
}
