// SPDX-License-Identifier: Apache-2.0
// The signed-in person on a page: [data-person] elements have their name and email, .avatar their picture or initials (person.js).
// A page brought back from the back/forward cache is shown again only after its session has been checked.

import { openSession } from './api.js';
import { showAvatar } from './person.js';

/** Shows a person, as the API tells of them, all over the page. */
export function showPerson(person) {
  for (const node of document.querySelectorAll('[data-person]')) node.textContent = person[node.dataset.person];
  const { id, name, picture_url: picture } = person;
  for (const node of document.querySelectorAll('.avatar:not(.portrait)')) showAvatar(node, { id, name, picture });
}

function recheckWhenRestored() {
  addEventListener('pageshow', async (event) => {
    if (!event.persisted) return;
    const contents = document.querySelectorAll('main, .settings-window');
    for (const node of contents) node.hidden = true;
    try {
      showPerson((await openSession()).person);
      for (const node of contents) node.hidden = false;
    } catch {
      location.reload();
    }
  });
}

/** Reads who is signed in, shows them, and returns the session. */
export async function startSession() {
  recheckWhenRestored();
  const session = await openSession();
  showPerson(session.person);
  return session;
}
