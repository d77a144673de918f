// SPDX-License-Identifier: Apache-2.0
// What a token is limited to, in words: in short for one line, or a sentence for each limit. `limits` are those of the API; what they
// leave out is not limited.

import { sorted } from './limits.js';
import { limitsStrings as texts } from './strings-limits.js';
import { locale } from './time.js';

const NAMES_MAX = 10;

const and = new Intl.ListFormat(locale, { type: 'conjunction' });
const or = new Intl.ListFormat(locale, { type: 'disjunction' });

/** "2 files, 1 network, 100 requests a minute", or '' where nothing is limited. */
export function inShort(limits) {
  const { files, projects, others } = sorted(limits);
  const { networks = [], products = [], rate } = limits;
  return [
    files.length > 0 && texts.files(files.length),
    projects.length > 0 && texts.projects(projects.length),
    ...others.map(([product, resources]) => texts.values(product, resources.length)),
    networks.length > 0 && texts.networks(networks.length),
    rate && texts.rate(rate.requests, rate.window_seconds),
    products.length > 0 && texts.products(products.length, and.format(products)),
  ].filter(Boolean).join(', ');
}

/** A list in words that is cut where it is long. */
function listed(format, words) {
  const shown = words.length > NAMES_MAX ? words.slice(0, NAMES_MAX - 1) : words;
  return format.format(shown.length < words.length ? [...shown, texts.more(words.length - shown.length)] : shown);
}

function ofFiles({ files, projects }, names) {
  const list = (values) => listed(and, values.map((value) => (names.has(value) ? texts.quoted(names.get(value)) : value)));
  const parts = [
    files.length > 0 && (names ? texts.filesNamed(files.length, list(files)) : texts.files(files.length)),
    projects.length > 0 && (names ? texts.projectsNamed(projects.length, list(projects)) : texts.inProjects(projects.length)),
  ];
  return `${texts.onlyFiles(and.format(parts.filter(Boolean)))} ${texts.listsClosed}`;
}

/** "order is “7” or “8” or begins with …", a parameter after the other: each that an address has must fit. */
function ofProduct([product, resources]) {
  const conditions = Object.entries(Object.groupBy(resources, ({ parameter }) => parameter)).map(([parameter, all]) => {
    const some = (prefix) => all.filter((each) => Boolean(each.prefix) === prefix).map(({ value }) => texts.quoted(value));
    const exact = some(false);
    const begins = some(true);
    return or.format([exact.length > 0 && texts.is(parameter, listed(or, exact)), begins.length > 0 && texts.beginsWith(parameter, listed(or, begins))].filter(Boolean));
  });
  return texts.onlyValues(product, and.format(conditions));
}

/** A sentence for each limit. `names` maps keys of files and ids of projects to what they are called; without it they are counted. */
export function inSentences(limits, names = null) {
  const kinds = sorted(limits);
  const { networks = [], products = [], rate } = limits;
  return [
    (kinds.files.length > 0 || kinds.projects.length > 0) && ofFiles(kinds, names),
    ...kinds.others.map(ofProduct),
    networks.length > 0 && texts.onlyNetworks(listed(or, networks)),
    rate && texts.onlyRate(texts.rate(rate.requests, rate.window_seconds)),
    products.length > 0 && texts.onlyProducts(listed(and, products)),
  ].filter(Boolean);
}
