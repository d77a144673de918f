// SPDX-License-Identifier: Apache-2.0
// The choice of when a new token ends: presets in days, a date of one's own, or never where policy allows.
// A date means the end of that day where the person is; what that comes to is always written out in full.

import { el } from './dom.js';
import { tokenStrings } from './strings-generate.js';
import { DAY_MS, day, full, toDateField, toRfc3339 } from './time.js';

const PRESET_DAYS = [1, 7, 30, 60, 90];
const CLOCK_SLACK_MS = 60_000;
const texts = tokenStrings.generate;

const usualDays = (policy) => Math.min(policy.expires_in_days_default, policy.expires_in_days_max);

function presetsOf(policy) {
  const max = policy.expires_in_days_max;
  return [...new Set([...PRESET_DAYS, usualDays(policy)])].filter((days) => days <= max).sort((a, b) => a - b);
}

function option(value, text, checked) {
  return el('label', { class: 'segment' },
    el('input', { type: 'radio', name: 'expires', value, id: `expires-${value}`, checked }),
    el('span', {}, text));
}

/** Fills `container` with the presets this policy allows. */
export function fillExpiryOptions(container, policy) {
  const options = presetsOf(policy).map((days) => option(days, texts.days(days), days === usualDays(policy)));
  options.push(option('custom', texts.custom));
  if (policy.never_allowed) options.push(option('never', texts.never));
  container.replaceChildren(...options);
}

const latest = (policy) => Date.now() + policy.expires_in_days_max * DAY_MS - CLOCK_SLACK_MS;

/** Tells the date field which days this policy allows. */
export function boundDateField(field, policy) {
  field.min = toDateField(Date.now());
  field.max = toDateField(latest(policy));
}

function customExpiry(field, policy) {
  if (!field.value) return { ready: false, text: texts.chooseDate, error: texts.dateRequired };
  if (field.value < field.min || field.value > field.max) {
    const error = texts.dateRange(day(`${field.min}T12:00:00`), day(`${field.max}T12:00:00`));
    return { ready: false, text: texts.chooseDate, error };
  }
  const at = Math.min(new Date(`${field.value}T23:59:59`), latest(policy));
  return { ready: true, text: texts.expiresOn(full(at)), until: day(at), body: { expires_at: toRfc3339(at) } };
}

/** What is chosen: whether it will do, how it reads, and what to send. */
export function chosenExpiry(value, dateField, policy) {
  if (value === 'custom') return customExpiry(dateField, policy);
  if (value === 'never') return { ready: true, isWarning: true, text: texts.neverWarning, until: null, body: { expires_at: null } };
  const days = Number(value);
  const at = Date.now() + days * DAY_MS;
  return { ready: true, text: texts.expiresOn(full(at)), until: day(at), body: { expires_in_days: days } };
}

/**
 * Chooses in `form` what a link proposes ("30d", "2026-12-31", "never"), as near as policy allows; resolves to a sentence about
 * what could not be had, or to nothing.
 */
export function proposeExpiry(form, dateField, text, policy) {
  const check = (value) => {
    const radio = form.querySelector(`#expires-${value}`);
    if (radio) radio.checked = true;
    return Boolean(radio);
  };
  const date = (value) => {
    check('custom');
    dateField.value = value;
  };
  const days = /^(\d{1,5})d?$/.exec(text)?.[1];
  const max = policy.expires_in_days_max;
  if (text === 'never') return check('never') ? null : texts.linkNever;
  if (days > 0) {
    if (Number(days) <= max && !check(Number(days))) date(toDateField(Date.now() + days * DAY_MS));
    if (Number(days) > max) date(dateField.max);
    return Number(days) > max ? texts.linkTooLong(days, max) : null;
  }
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return texts.linkExpiry;
  const isAllowed = text >= dateField.min && text <= dateField.max;
  if (isAllowed) date(text);
  return isAllowed ? null : texts.linkDate;
}
