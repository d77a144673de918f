// SPDX-License-Identifier: Apache-2.0
// Limits of tokens as the API has them, and which of their resources are files and projects of the built-in product.

export const BUILT_IN = 'files';
const FILE = 'file_key';
const PROJECT = 'project_id';

export const fileLimit = (value) => ({ product: BUILT_IN, parameter: FILE, value });
export const projectLimit = (value) => ({ product: BUILT_IN, parameter: PROJECT, value });

const isOf = (parameter) => (each) => each.product === BUILT_IN && each.parameter === parameter && !each.prefix;

/** All but the limits to single files. */
export const withoutFiles = (limits) => ({ ...limits, resources: limits.resources?.filter((each) => !isOf(FILE)(each)) });

/** The resources by kind: { files, projects } as values, { others } as [product, resources]. */
export function sorted(limits) {
  const resources = limits.resources ?? [];
  const others = resources.filter((each) => !isOf(FILE)(each) && !isOf(PROJECT)(each));
  const values = (parameter) => resources.filter(isOf(parameter)).map(({ value }) => value);
  return { files: values(FILE), projects: values(PROJECT), others: Object.entries(Object.groupBy(others, ({ product }) => product)) };
}
