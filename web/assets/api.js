// SPDX-License-Identifier: Apache-2.0
// The one way from the pages to the server: JSON under /api/v1, the session's CSRF token, errors as ApiError.
// An ended session leads to the sign-in page from here, so no caller has to think of it.

import { strings } from './strings.js';
import { duration } from './time.js';

const TIMEOUT_MS = 30_000;
const SESSION = '/session';

let session = null;

export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    let message = problem.detail || (status ? strings.error.unexpected : strings.error.network);
    if (retryAfter > 0) message += ` ${strings.error.retryIn(duration(retryAfter))}`;
    super(message);
    this.status = status;
    this.reason = problem.reason || (status ? 'unexpected' : 'network');
    this.field = problem.field;
  }

  /** True when we cannot know whether the server did what was asked. */
  get fateUnknown() {
    return this.status === 0 || this.status >= 500;
  }
}

/** The path in ?next= if it is one of ours, else the start page. */
export function nextPath() {
  const next = new URLSearchParams(location.search).get('next') ?? '/';
  const isLocal = /^\/(?![/\\])/.test(next) && !/[\u0000-\u001f\u007f]/.test(next);
  if (!isLocal) return '/';
  return new URL(next, location.origin).origin === location.origin ? next : '/';
}

/** Leaves the page; the promise never settles, so nothing more happens on it. */
function leave(go) {
  go();
  return new Promise(() => {});
}

function leaveToSignIn() {
  const here = location.pathname + location.search;
  return leave(() => location.replace(`/signin?next=${encodeURIComponent(here)}`));
}

async function send(method, path, body, headers) {
  const options = { method, headers: { Accept: 'application/json', ...headers }, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (session && method !== 'GET') options.headers['X-CSRF-Token'] = session.csrf_token;
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(`/api/v1${path}`, options);
    const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
    return { response, answer: isJson ? await response.json() : {} };
  } catch {
    throw new ApiError(0, {});
  }
}

async function request(method, path, body, headers = {}) {
  let { response, answer } = await send(method, path, body, headers);
  if (response.status === 403 && answer.reason === 'csrf_token_invalid' && session) {
    await openSession();
    ({ response, answer } = await send(method, path, body, headers));
  }
  if (response.ok) return answer;
  if (response.status === 401 && answer.reason === 'session_required') return leaveToSignIn();
  throw new ApiError(response.status, answer, Number(response.headers.get('Retry-After')));
}

export const get = (path) => request('GET', path);
export const post = (path, body, headers) => request('POST', path, body, headers);
export const del = (path) => request('DELETE', path);

/** Reads who is signed in. If it is someone else than before, the page starts afresh as theirs. */
export async function openSession() {
  const current = await get(SESSION);
  if (session && session.person.id !== current.person.id) return leave(() => location.reload());
  session = current;
  return session;
}

/** The server gave this session a new CSRF token (after a change of password). */
export function renewCsrfToken(token) {
  if (session && token) session.csrf_token = token;
}

export const signIn = (email, password) => post(SESSION, { email, password });
export const signOut = () => del(SESSION);
