// SPDX-License-Identifier: Apache-2.0
// The texts of the page of a product's own people (portal.js).

export const portalStrings = {
  title: (product) => `Personal access tokens · ${product}`,
  back: (product) => `Back to ${product}`,
  sessions: 'Where this page is open for you. End those you don’t know.',
  nowhere: {
    title: 'Open your tokens from your product',
    text: 'This page opens by a link from the product that you use. Go there, and follow its link to your tokens.',
  },
  used: { title: 'This link opens nothing any more' },
  failed: { title: 'Your tokens could not be opened', again: 'Try again' },
  other: {
    title: 'Leave your account?',
    text: (name) => `You are signed in here as ${name}. This link opens the tokens of a product’s user instead, and signs you out in this browser. Go on only if you have just asked for that.`,
    go: 'Sign out and go on',
  },
};
