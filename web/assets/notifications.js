// SPDX-License-Identifier: Apache-2.0
// The notifications in the settings: what mail somebody wants. A switch is saved when it is used; one that could not be saved goes
// back to what is so.

import { get, patch } from './api.js';
import { byId, el, fill, toast } from './dom.js';
import { strings } from './strings.js';
import { notificationsStrings as texts } from './strings-notifications.js';

let last = Promise.resolve(); // one change after the other

async function save(box, name) {
  const wanted = box.checked;
  const problem = byId('notifications-problem');
  try {
    const answer = await patch('/notifications', { [name]: wanted });
    problem.textContent = '';
    if (box.checked === wanted) box.checked = answer[name]; // else it was used again meanwhile
    toast(texts.saved(texts.wishes[name].title, answer[name]));
  } catch (error) {
    if (box.checked === wanted) box.checked = !wanted;
    problem.textContent = error.message;
  }
}

function line(name, isOn) {
  const { title, text } = texts.wishes[name];
  const id = `notify-${name}`;
  return el('label', { class: 'line check' },
    el('input', { type: 'checkbox', id, checked: isOn, 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-text`,
      onchange: ({ target }) => { last = last.then(() => save(target, name)); } }),
    el('span', { class: 'line-text' }, el('strong', { id: `${id}-title` }, title), el('span', { class: 'sub', id: `${id}-text` }, text)));
}

function draw(person, answer) {
  byId('panel-notifications').replaceChildren(el('section', { class: 'card', 'aria-labelledby': 'notifications-title' },
    el('header', { class: 'section-head' }, el('div', {},
      el('h2', { id: 'notifications-title' }, texts.title),
      el('p', { class: 'lead' }, texts.lead, el('strong', { data: { person: 'email' } }, person.email), '.'))),
    !answer.sends_mail && el('p', { class: 'notice ask', id: 'notifications-off' }, person.admin ? texts.offAdministrator : texts.off),
    el('p', { class: 'alert', id: 'notifications-problem', role: 'alert' }),
    el('fieldset', { class: 'lines' }, el('legend', { class: 'visually-hidden' }, texts.legend),
      ...Object.keys(texts.wishes).map((name) => line(name, answer[name]))),
    el('p', { class: 'hint' }, texts.always)));
}

/** `opening` resolves to the session: the email may have changed since the last time. */
export const showNotifications = (opening) => fill(byId('panel-notifications'), async () => {
  const [{ person }, answer] = await Promise.all([opening, get('/notifications')]);
  draw(person, answer);
}, strings.error);
