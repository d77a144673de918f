// SPDX-License-Identifier: Apache-2.0
// The file browser, the page one arrives on. It has no files product behind it yet and says so;
// what it has is the account menu.

import { startSession } from './session.js';

await startSession();
