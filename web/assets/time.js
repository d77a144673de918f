// SPDX-License-Identifier: Apache-2.0
// Instants as people read them: relative, as a date, or in full with the zone, all by Intl.
// Relative times on the page move on by themselves, once a minute.

import { language, strings } from './strings.js';

export const DAY_MS = 86_400_000;
const UNITS = [['year', 365 * DAY_MS], ['month', 30 * DAY_MS], ['day', DAY_MS], ['hour', 3_600_000], ['minute', 60_000]];
const TIME_LEFT_UNITS = ['day', 'hour', 'minute'];

export const locale = navigator.languages?.find((tag) => tag.split('-')[0] === language) ?? language;
const relativeFormat = new Intl.RelativeTimeFormat(locale);
const dateFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const FULL = { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' };
const fullFormat = new Intl.DateTimeFormat(locale, FULL);
const utcFormat = new Intl.DateTimeFormat(locale, { ...FULL, second: '2-digit', timeZone: 'UTC' });

/** "5 minutes ago", "in 9 days"; what is less than a minute away is "just now". */
export function relative(instant) {
  const ms = new Date(instant) - Date.now();
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? [];
  return unit ? relativeFormat.format(Math.trunc(ms / size), unit) : strings.time.now;
}

/** "30 seconds", "5 minutes": a length of time given in seconds. */
export function duration(seconds) {
  const [unit, n] = seconds < 120 ? ['second', seconds] : ['minute', Math.ceil(seconds / 60)];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n);
}

/** "9 days", "36 hours": how long until then. */
export function until(instant) {
  const ms = Math.max(0, new Date(instant) - Date.now());
  const [unit, size] = UNITS.find(([name, each]) => TIME_LEFT_UNITS.includes(name) && ms >= 2 * each) ?? UNITS.at(-1);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.max(1, Math.round(ms / size)));
}

/** "23 Dec 2026" */
export const day = (instant) => dateFormat.format(new Date(instant));

/** "23 Dec 2026, 18:00 CET": local time, zone written out. */
export const full = (instant) => fullFormat.format(new Date(instant));

/** RFC 3339 UTC in whole seconds, as the API wants it. */
export const toRfc3339 = (instant) => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');

/** "2026-12-23" in local time, as a date field wants it. */
export function toDateField(instant) {
  const date = new Date(instant);
  const two = (n) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A <time> that shows the instant to the second, in UTC. */
export function utcElement(instant) {
  const node = document.createElement('time');
  node.dateTime = instant;
  node.className = 'sub';
  node.textContent = utcFormat.format(new Date(instant));
  return node;
}

/** A <time> that shows the instant by `show` and has the exact UTC time as its title. */
export function timeElement(instant, show = day) {
  const node = document.createElement('time');
  node.dateTime = instant;
  node.title = utcFormat.format(new Date(instant));
  node.textContent = show(instant);
  if (show === relative) node.dataset.relative = '';
  return node;
}

setInterval(() => {
  for (const node of document.querySelectorAll('time[data-relative]')) node.textContent = relative(node.dateTime);
}, 60_000);
