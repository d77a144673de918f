// SPDX-License-Identifier: Apache-2.0
// The theme that somebody chose on this device, put on the page before anything of it is painted: a page waits for this script, and
// it is no module for that reason. Without a choice the system decides, by `color-scheme` in patd.css. account-menu.js stores it.

(() => {
  const STORED = 'patd-theme';

  function stored() {
    try {
      return localStorage.getItem(STORED);
    } catch {
      return null; // no storage for this page: then nothing can be remembered
    }
  }

  function apply() {
    const theme = stored();
    document.documentElement.style.colorScheme = ['light', 'dark'].includes(theme) ? theme : '';
  }

  apply();
  addEventListener('storage', apply); // chosen in another tab
})();
