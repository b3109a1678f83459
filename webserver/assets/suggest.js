// Suggestions below a field: a combobox with a list, as the ARIA Authoring Practices describe it.

import {say} from './say.js';

const DELAY = 120; // milliseconds after the last key
const LIMIT = 6; // of each group

/** The name at the end of what was typed, where one may stand: not a version, and not inside of brackets. */
const LAST_NAME = /(?:^|[,\s])([\p{L}_][\p{L}\p{N}_.-]*)$/u;

/** What a spec may have as its name. */
const PLAIN = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

/**
 * Suggests packages and kernels. A field with data-suggest="spec" takes the name of a package into what is typed; any
 * other choice leads to its page.
 * @param {HTMLInputElement} field
 */
export function suggestions(field) {
  const specs = field.dataset.suggest === 'spec';
  const list = document.createElement('div');
  list.id = `${field.id}-list`;
  list.className = 'suggestions';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Suggestions');
  list.hidden = true;
  field.closest('.combo').append(list);
  for (const [attribute, value] of [
    ['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', list.id],
  ]) field.setAttribute(attribute, value);

  let options = [];
  let active = -1;
  let timer = 0;
  let running = new AbortController();

  function close() {
    clearTimeout(timer);
    running.abort();
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    activate(-1);
  }

  function activate(at) {
    options[active]?.setAttribute('aria-selected', 'false');
    active = at;
    if (at < 0) {
      field.removeAttribute('aria-activedescendant');
      return;
    }
    options[at].setAttribute('aria-selected', 'true');
    options[at].scrollIntoView({block: 'nearest'});
    field.setAttribute('aria-activedescendant', options[at].id);
  }

  async function ask() {
    clearTimeout(timer);
    running.abort();
    const mine = running = new AbortController();
    const typed = typedIn(field, specs);
    if (!typed) return close();
    const query = new URLSearchParams({q: typed, limit: String(LIMIT)});
    try {
      const response = await fetch(`${document.documentElement.dataset.base}/api/v1/suggest?${query}`, {signal: mine.signal});
      if (!response.ok) throw new Error(`status ${response.status}`);
      open(await response.json());
    } catch {
      if (!mine.signal.aborted) close(); // there are none now; the search goes without
    }
  }

  function open(answer) {
    activate(-1);
    options = [];
    const packages = answer.packages.filter((found) => !specs || PLAIN.test(found.name));
    list.replaceChildren(
      group('Packages', packages.map((found) => option(found.name, found.kernels === 1 ? 'in 1 kernel' : `in ${found.kernels.toLocaleString('en')} kernels`, ['packages', found.name], specs))),
      group('Kernels', answer.kernels.map((found) => {
        const path = [found.language, found.kernel_name, found.kernel_version];
        return option(path.join('/'), '', ['kernels', ...path], false);
      })),
    );
    if (options.length === 0 || document.activeElement !== field) return close();
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    say(options.length === 1 ? '1 suggestion' : `${options.length} suggestions`);
  }

  function group(name, members) {
    const part = document.createElement('div');
    part.setAttribute('role', 'group');
    part.setAttribute('aria-label', name);
    const head = document.createElement('p');
    head.setAttribute('aria-hidden', 'true');
    head.textContent = name;
    part.append(head, ...members);
    part.hidden = members.length === 0;
    return part;
  }

  function option(text, note, path, completes) {
    const node = document.createElement('div');
    node.id = `${list.id}-${options.length}`;
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', 'false');
    const small = document.createElement('small');
    small.textContent = note;
    node.append(text, ' ', small);
    node.addEventListener('pointerdown', (event) => event.preventDefault()); // the field keeps the focus
    node.addEventListener('click', () => (completes ? complete(text) : go(path)));
    options.push(node);
    return node;
  }

  function complete(name) {
    field.value = field.value.replace(/[\p{L}\p{N}_.-]*$/u, name);
    field.dispatchEvent(new Event('input', {bubbles: true}));
    close();
  }

  function go(path) {
    close();
    if (path.some((name) => name === '' || name === '.' || name === '..')) return; // no URL leads there
    location.assign([document.documentElement.dataset.base, ...path.map(encodeURIComponent)].join('/'));
  }

  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
  field.addEventListener('blur', close);
  field.addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        event.preventDefault();
        if (list.hidden) ask();
        else activate(next(active, options.length, event.key === 'ArrowDown' ? 1 : -1));
        break;
      case 'Enter':
        if (active >= 0) {
          event.preventDefault();
          options[active].click();
        } else {
          close();
        }
        break;
      case 'Escape':
        event.preventDefault();
        if (!list.hidden) close();
        else if (field.value) {
          field.value = '';
          field.dispatchEvent(new Event('input', {bubbles: true}));
        }
        break;
    }
  });
}

/** The option after or before another, and none between the last and the first. @param {number} at @param {number} count @param {number} step */
const next = (at, count, step) => ((at + 1 + step + count + 1) % (count + 1)) - 1;

/** What suggestions are for. @param {HTMLInputElement} field @param {boolean} specs */
function typedIn(field, specs) {
  if (!specs) return field.value.trim();
  const before = field.value.slice(0, field.selectionStart);
  if (before !== field.value || before.lastIndexOf('[') > before.lastIndexOf(']')) return '';
  const found = LAST_NAME.exec(before);
  return found && !/[<>=!~|]\s*$/.test(before.slice(0, before.length - found[1].length)) ? found[1] : '';
}
