// SPDX-License-Identifier: Apache-2.0
// Sends a large body and tells how far it got: fetch() cannot, so this is XMLHttpRequest. Otherwise as api.js.

import { ApiError, csrfToken, openSession, refused } from './api.js';

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function send(path, blob, type, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1${path}`);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', type);
    request.setRequestHeader('X-CSRF-Token', csrfToken());
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total ? loaded / total : 1));
    request.addEventListener('load', () => resolve(request));
    request.addEventListener('error', () => reject(new ApiError(0, {})));
    request.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    signal?.addEventListener('abort', () => request.abort());
    request.send(blob);
  });
}

/**
 * POSTs `blob` and returns the answer. `onProgress` is given a share from 0 to 1; aborting `signal` rejects with an AbortError.
 * The session is looked at first, so that an ended one is noticed before the body is sent rather than after.
 */
export async function upload(path, blob, { type = 'application/json', onProgress = () => {}, signal } = {}) {
  await openSession();
  signal?.throwIfAborted();
  const request = await send(path, blob, type, onProgress, signal);
  if (request.status >= 200 && request.status < 300) return answerOf(request);
  return refused(request.status, answerOf(request), Number(request.getResponseHeader('Retry-After')));
}
