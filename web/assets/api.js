// SPDX-License-Identifier: Apache-2.0
// The one way from the pages to the server: JSON under /api/v1, the session's CSRF token, errors as ApiError.
// An ended session leads to the sign-in page, or back to its product, from here, so no caller has to think of it.

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

  /** True when it is done, only not yet in force everywhere: asking again waits for that. */
  get isDone() {
    return this.reason === 'not_effective';
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
  if (session?.portal) return leave(() => location.replace(session.portal.return_url));
  const here = location.pathname + location.search;
  return leave(() => location.replace(`/signin?next=${encodeURIComponent(here)}`));
}

/** What an answer that is no success comes to: the sign-in page, or an ApiError. */
export function refused(status, answer, retryAfter) {
  if (status === 401 && answer.reason === 'session_required') return leaveToSignIn();
  throw new ApiError(status, answer, retryAfter);
}

async function send(method, path, body, headers) {
  const options = { method, headers: { Accept: 'application/json', ...headers }, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (session && method !== 'GET') options.headers['X-CSRF-Token'] = session.csrf_token;
  if (body instanceof Blob) {
    options.headers['Content-Type'] = body.type;
    options.body = body;
  } else if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(`/api/v1${path}`, options);
    const isJson = response.status !== 304 && (response.headers.get('Content-Type') ?? '').includes('json');
    return { response, answer: isJson ? await response.json() : {} };
  } catch {
    throw new ApiError(0, {});
  }
}

/**
 * Whether the same request may do better now: the session got a new CSRF token, or a new cookie while the request was
 * under way, because a password was proven or changed here or in another tab.
 */
async function isRenewed(response, answer) {
  if (response.status === 403 && answer.reason === 'csrf_token_invalid' && session) return Boolean(await openSession());
  if (response.status !== 401 || answer.reason !== 'session_required' || !session) return false;
  const { response: again, answer: current } = await send('GET', SESSION);
  return again.ok && Boolean(await adopt(current));
}

async function exchange(method, path, body, headers = {}) {
  let { response, answer } = await send(method, path, body, headers);
  if (await isRenewed(response, answer)) ({ response, answer } = await send(method, path, body, headers));
  if (response.ok || response.status === 304) return { response, answer };
  return refused(response.status, answer, Number(response.headers.get('Retry-After')));
}

const request = async (...parts) => (await exchange(...parts)).answer;

export const get = (path) => request('GET', path);

/** { tag, answer }, or null when the answer is still the one of `tag`. The session does not count as used by it. */
export async function getUnlessSame(path, tag) {
  const { response, answer } = await exchange('GET', path, undefined, tag && { 'If-None-Match': tag });
  return response.status === 304 ? null : { tag: response.headers.get('ETag'), answer };
}

export const post = (path, body, headers) => request('POST', path, body, headers);
export const patch = (path, body) => request('PATCH', path, body);
export const put = (path, body) => request('PUT', path, body);
export const del = (path) => request('DELETE', path);

/** Takes a session over. If it is someone else's than before, the page starts afresh as theirs. */
function adopt(current) {
  if (session && session.person.id !== current.person.id) return leave(() => location.reload());
  session = current;
  return session;
}

/** Reads who is signed in. */
export const openSession = async () => adopt(await get(SESSION));

/** Proves the password anew, which gives the session another cookie and CSRF token. */
export const proveSession = async (password) => adopt(await post(`${SESSION}/proof`, { password }));

export const csrfToken = () => session?.csrf_token ?? '';

/** The server gave this session a new CSRF token (after a change of password). */
export function renewCsrfToken(token) {
  if (session && token) session.csrf_token = token;
}

export const signIn = (email, password) => post(SESSION, { email, password });
export const signOut = () => del(SESSION);
