// What pages can do beyond links and forms. Each of them is whole without this file.
//
// Text of the server gets into the document as nodes only: nothing here makes markup of a string but DOMParser, of a page
// of this server, and what that makes runs no scripts.

const SEARCH_DELAY = 150; // milliseconds after the last key
const LABEL_STAYS = 2000; // milliseconds that a button says what it has done

copyButtons(document);
liveSearch();
document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const field = document.querySelector('form[role=search] input[type=search]');
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

/** Puts a button to copy behind every command. @param {ParentNode} part of the document */
function copyButtons(part) {
  for (const command of part.querySelectorAll('pre[data-copy]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    label(button, command, 'Copy');
    button.addEventListener('click', () => copy(command, button));
    command.after(button);
  }
}

/** @param {HTMLElement} button @param {Element} command @param {string} text what the button says now */
function label(button, command, text) {
  button.textContent = text;
  button.setAttribute('aria-label', `${text}: ${command.textContent}`);
}

/** Copies a command, or selects it where pages may not: without TLS. @param {Element} command @param {HTMLElement} button */
async function copy(command, button) {
  let done = 'Copied';
  try {
    await navigator.clipboard.writeText(command.textContent);
  } catch {
    getSelection()?.selectAllChildren(command);
    done = 'Press Ctrl+C';
  }
  label(button, command, done);
  say(done);
  setTimeout(() => label(button, command, 'Copy'), LABEL_STAYS);
}

/** Says something to those who do not see it. @param {string} text */
function say(text) {
  let region = document.querySelector('p.said');
  if (!region) {
    region = document.createElement('p');
    region.className = 'said';
    region.setAttribute('role', 'status');
    document.body.append(region);
  }
  region.textContent = text;
}

/** Answers while somebody types, on the page that shows answers. */
function liveSearch() {
  const form = document.querySelector('form.find');
  const results = document.querySelector('#results');
  if (!form || !results) return;
  let timer = 0;
  let running = new AbortController();
  const search = async () => {
    running.abort();
    const mine = running = new AbortController();
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
    const url = `${form.action}?${query}`;
    results.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(url, {signal: mine.signal, headers: {Accept: 'text/html'}});
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      const fresh = page.querySelector('#results');
      if (!fresh) throw new Error(`status ${response.status}`);
      results.replaceChildren(...fresh.childNodes);
      copyButtons(results);
      history.replaceState(null, '', url);
      document.title = page.title;
      const twin = page.querySelector('a.twin');
      const shown = document.querySelector('a.twin');
      if (twin && shown) shown.setAttribute('href', twin.getAttribute('href'));
      say(results.querySelector('h2, .banner')?.textContent ?? '');
    } catch (error) {
      if (mine.signal.aborted) return; // a later search has begun
      failed(results, search);
    }
    results.removeAttribute('aria-busy');
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(search, SEARCH_DELAY);
  };
  form.addEventListener('input', soon);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
}

/** Keeps what is shown, and offers to try again. @param {Element} results @param {() => void} again */
function failed(results, again) {
  results.querySelector('.failed')?.remove();
  const text = document.createElement('p');
  text.className = 'banner warning failed';
  text.append('⚠ The search failed; what is shown may be of an earlier one. ');
  const retry = document.createElement('button');
  retry.type = 'button';
  retry.textContent = 'Try again';
  retry.addEventListener('click', again);
  text.append(retry);
  results.prepend(text);
  say(text.firstChild.textContent);
}
