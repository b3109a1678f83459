// What pages can do beyond links and forms. Each of them is whole without this file.
//
// Text of the server gets into the document as nodes only: nothing here makes markup of a string but DOMParser, of a
// page of this server, and what that makes runs no scripts.

import {specChips} from './chips.js';
import {copyButtons} from './copy.js';
import {keys} from './keys.js';
import {liveForm} from './live.js';
import {newerIndex} from './newer.js';
import {suggestions} from './suggest.js';

copyButtons(document);
themeChoice();
keys();
newerIndex();
for (const form of document.querySelectorAll('form.find')) specChips(form);
for (const field of document.querySelectorAll('input[data-suggest]')) suggestions(field);
for (const form of document.querySelectorAll('form[data-live]')) liveForm(form);

/** Lets the theme be chosen; early.js sets it when the next page begins. */
function themeChoice() {
  const root = document.documentElement;
  const choice = document.querySelector('#theme');
  choice.value = root.dataset.theme ?? 'auto';
  choice.addEventListener('change', () => {
    if (choice.value === 'auto') delete root.dataset.theme;
    else root.dataset.theme = choice.value;
    try {
      localStorage.setItem('kernels.theme', choice.value);
    } catch {
      // it holds for this page only
    }
  });
}
