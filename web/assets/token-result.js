// SPDX-License-Identifier: Apache-2.0
// The second view of the dialog that generates a token: the token, this or one that replaces another, shown this once, to be copied and tried.
// The secret lives in one field only. `show` puts it in, `wipe` takes it out again; what is done with it reads it from there.

import { byId, icon, whileBusy } from './dom.js';
import { tokenStrings } from './strings-generate.js';
import { strings } from './strings.js';
import { ANY, triedBy } from './token-try.js';

const TEST_TIMEOUT_MS = 10_000;
const texts = tokenStrings.result;

/** There is no clipboard to write to on plain http other than on this very machine. */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** What the server says of the token: { tone, text }. The request carries the token and no cookie. */
async function test({ path }, secret) {
  try {
    const response = await fetch(path, { headers: { Authorization: `Bearer ${secret}` }, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(TEST_TIMEOUT_MS) });
    const answer = await response.json().catch(() => ({})); // /verify answers in headers alone
    if (response.ok) return { tone: 'good', text: answer.handle ? texts.testOk(answer.handle) : texts.testAccepted };
    if (response.status === 404) return { tone: 'soft', text: texts.testNowhere(path) };
    return { tone: 'bad', text: texts.testRefused(response.status, answer.detail ?? '') };
  } catch {
    return { tone: 'bad', text: strings.error.network };
  }
}

/** Wires the view up. `done` is called when somebody has finished with it. */
export function resultView(dialog, done) {
  const view = byId('token-result');
  const field = byId('token-secret');
  const copyButton = byId('token-copy');
  const copyCommand = byId('token-copy-command');
  const testButton = byId('token-test');
  let way = ANY; // in which the token is tried
  let prefix = '';

  function announce(message, tone = 'good') {
    const status = byId('token-status');
    status.textContent = '';
    status.className = `status ${tone}`;
    requestAnimationFrame(() => { status.textContent = message; });
  }

  function selectForHand() {
    field.focus();
    field.select();
    announce(texts.pressToCopy(/Mac|iPhone|iPad/.test(navigator.platform) ? strings.copyKeys.apple : strings.copyKeys.usual));
  }

  function setCopied(copied) {
    copyButton.replaceChildren(icon(copied ? 'check' : 'copy'), copied ? texts.copied : texts.copy);
  }

  function noteCopied() {
    setCopied(true);
    announce(texts.copiedAnnounce);
  }

  copyButton.addEventListener('click', async () => ((await toClipboard(field.value)) ? noteCopied() : selectForHand()));
  copyCommand.addEventListener('click', async () => ((await toClipboard(way.command(field.value))) ? announce(texts.commandCopied) : selectForHand()));
  testButton.addEventListener('click', () => whileBusy(testButton, async () => {
    const { tone, text } = await test(way, field.value);
    if (!view.hidden) announce(text, tone);
  }));
  field.addEventListener('copy', () => field.selectionEnd - field.selectionStart === field.value.length && noteCopied());
  field.addEventListener('focus', () => field.select());
  byId('token-done').addEventListener('click', done);

  function propose(next) {
    way = next;
    byId('token-command').textContent = way.command(`${prefix}_…`);
    byId('token-command-note').textContent = way.note;
  }

  return {
    isShown: () => !view.hidden,
    show(token, secret, title) {
      byId('token-result-title').textContent = title;
      byId('token-result-name').textContent = token.name;
      [prefix] = token.hint.split('_');
      propose(ANY);
      triedBy(token).then((next) => field.value === secret && propose(next));
      copyCommand.hidden = !navigator.clipboard;
      byId('token-storing').open = false;
      byId('token-status').textContent = '';
      setCopied(false);
      field.value = secret;
      view.hidden = false;
      dialog.setAttribute('aria-labelledby', 'token-result-title');
      view.querySelector('.dialog-body').scrollTop = 0;
      copyButton.focus();
    },
    wipe() {
      field.value = '';
      view.hidden = true;
      dialog.setAttribute('aria-labelledby', 'token-dialog-title');
    },
  };
}
