// Answers while somebody types: the part #results of the page is replaced by that of the page that the form leads to.

import {copyButtons} from './copy.js';
import {say} from './say.js';
import {localTable} from './tables.js';

const SEARCH_DELAY = 150; // milliseconds after the last key

/** Has a form answer at once, and the heads of tables sort. @param {HTMLFormElement} form */
export function liveForm(form) {
  const results = document.querySelector('#results');
  if (!results) return; // its answers are another page
  const table = localTable(results);
  let timer = 0;
  let running = new AbortController();

  async function search() {
    clearTimeout(timer);
    running.abort();
    const mine = running = new AbortController();
    const url = new URL(form.action);
    const query = queryOf(form);
    url.search = query.toString();
    results.querySelector('.failed')?.remove();
    if (table.show(query)) {
      history.replaceState(null, '', url);
      return;
    }
    results.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(url, {signal: mine.signal, headers: {Accept: 'text/html'}});
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (!page.querySelector('#results')) throw new Error(`status ${response.status}`);
      take(page, results);
      history.replaceState(null, '', url);
    } catch {
      if (mine.signal.aborted) return; // a later search has begun
      failed(results, search);
    }
    results.removeAttribute('aria-busy');
  }

  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, SEARCH_DELAY);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
  });
  results.addEventListener('click', async (event) => {
    const link = event.target.closest('thead a');
    if (!link || !form.elements.sort || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    form.elements.sort.value = new URL(link.href).searchParams.get('sort');
    const word = link.parentElement.dataset.sort;
    await search();
    const heads = [...results.querySelectorAll('th[data-sort]')];
    heads.find((head) => head.dataset.sort === word)?.querySelector('a').focus(); // it may be another element now
  });
}

/** The filled fields of a form. @param {HTMLFormElement} form */
function queryOf(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
  return query;
}

/** Takes over what is of another question. @param {Document} page @param {Element} results */
function take(page, results) {
  results.replaceChildren(...page.querySelector('#results').childNodes);
  copyButtons(results);
  document.title = page.title;
  document.querySelector('footer').replaceChildren(...page.querySelector('footer').childNodes);
  const count = document.querySelector('#count');
  if (count) count.textContent = page.querySelector('#count').textContent;
  else say(results.querySelector('h2, .banner')?.textContent ?? '');
}

/** Keeps what is shown, and offers to try again. @param {Element} results @param {() => void} again */
function failed(results, again) {
  const text = document.createElement('p');
  text.className = 'banner warning failed';
  const retry = document.createElement('button');
  retry.type = 'button';
  retry.textContent = 'Retry';
  retry.addEventListener('click', again);
  text.append('⚠ The search failed; what is shown is of an earlier one. ', retry);
  results.prepend(text);
  say(text.firstChild.textContent);
}
