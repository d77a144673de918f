// SPDX-License-Identifier: Apache-2.0
// The settings as a page: shows the tab its address names. Each tab is a page of its own, so reloading and linking need no help.

import { fill, byId } from './dom.js';
import { startFrame } from './frame.js';
import { showTab } from './settings-tabs.js';
import { strings } from './strings.js';

const here = location.pathname;

// Reloaded where it lay over another page, this one has that page's address behind it, and Back changes nothing but the address.
addEventListener('popstate', () => location.pathname === here || location.reload());

const opening = startFrame();
await fill(byId('page-error'), () => showTab(new URL(location.href), opening), strings.error);
