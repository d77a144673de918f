// SPDX-License-Identifier: Apache-2.0
// The page settings.html, for pages that take parts of it: fetched, and parsed by the browser as a document, in which no script runs.

import { loadStyle } from './dom.js';

/** Resolves to the document once its style sheets are here. */
export async function settingsPage(address) {
  const page = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    request.responseType = 'document';
    request.addEventListener('loadend', () => {
      const { status, response } = request;
      if (status === 200 && response?.getElementById('panel-account')) resolve(response);
      else reject(new Error(`${address}: ${status}`)); // the sign-in page, or none
    });
    request.send();
  });
  await Promise.all([...page.querySelectorAll('link[rel="stylesheet"]')].map((link) => loadStyle(link.getAttribute('href'))));
  return page;
}
