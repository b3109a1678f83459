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
  new Combobox(field);
}

class Combobox {
  /** @type {HTMLElement[]} */
  options = [];
  active = -1; // the option that Enter takes
  timer = 0;
  running = new AbortController();

  /** @param {HTMLInputElement} field */
  constructor(field) {
    this.field = field;
    this.specs = field.dataset.suggest === 'spec';
    this.list = element('div', {id: `${field.id}-list`, class: 'suggestions'});
    this.list.hidden = true;
    set(this.list, {role: 'listbox', 'aria-label': 'Suggestions'});
    field.closest('.combo').append(this.list);
    set(field, {role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false'});
    field.setAttribute('aria-controls', this.list.id);
    field.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), DELAY);
    });
    field.addEventListener('blur', () => this.close());
    field.addEventListener('keydown', (event) => {
      if (!event.isComposing && !event.ctrlKey && !event.metaKey) this.key(event);
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        event.preventDefault();
        if (this.list.hidden) this.ask();
        else this.activate(this.next(event.key === 'ArrowDown' ? 1 : -1));
        break;
      case 'Enter':
        if (this.active < 0) return this.close(); // the form is sent
        event.preventDefault();
        this.options[this.active].click();
        break;
      case 'Escape':
        event.preventDefault();
        if (!this.list.hidden) this.close();
        else if (this.field.value) this.type('');
        break;
    }
  }

  /**
   * The option after or before the active one, and none between the last and the first.
   * @param {number} step
   */
  next(step) {
    const places = this.options.length + 1;
    return ((this.active + 1 + step + places) % places) - 1;
  }

  /** @param {number} at of the option that Enter takes from now on; -1 is none */
  activate(at) {
    this.options[this.active]?.setAttribute('aria-selected', 'false');
    this.active = at;
    if (at < 0) {
      this.field.removeAttribute('aria-activedescendant');
      return;
    }
    const option = this.options[at];
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({block: 'nearest'});
    this.field.setAttribute('aria-activedescendant', option.id);
  }

  async ask() {
    clearTimeout(this.timer);
    this.running.abort();
    const mine = this.running = new AbortController();
    const typed = typedIn(this.field, this.specs);
    if (!typed) return this.close();
    const query = new URLSearchParams({q: typed, limit: String(LIMIT)});
    try {
      const url = `${document.documentElement.dataset.base}/api/v1/suggest?${query}`;
      const response = await fetch(url, {signal: mine.signal});
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.open(await response.json());
    } catch {
      if (!mine.signal.aborted) this.close(); // there are none now; the search goes without
    }
  }

  /** @param {{packages: {name: string, kernels: number}[], kernels: Record<string, string>[]}} answer */
  open(answer) {
    this.activate(-1);
    this.options = [];
    const packages = answer.packages.filter((found) => !this.specs || PLAIN.test(found.name));
    this.list.replaceChildren(
      this.group('Packages', packages.map((found) => this.package(found))),
      this.group('Kernels', answer.kernels.map((found) => this.kernel(found))),
    );
    if (this.options.length === 0 || document.activeElement !== this.field) return this.close();
    this.list.hidden = false;
    this.field.setAttribute('aria-expanded', 'true');
    say(this.options.length === 1 ? '1 suggestion' : `${this.options.length} suggestions`);
  }

  close() {
    clearTimeout(this.timer);
    this.running.abort();
    this.list.hidden = true;
    this.field.setAttribute('aria-expanded', 'false');
    this.activate(-1);
  }

  /** @param {string} name @param {HTMLElement[]} members */
  group(name, members) {
    const head = element('p', {'aria-hidden': 'true'});
    head.textContent = name;
    const part = element('div', {role: 'group', 'aria-label': name});
    part.append(head, ...members);
    part.hidden = members.length === 0;
    return part;
  }

  /** @param {{name: string, kernels: number}} found */
  package({name, kernels}) {
    const note = element('small', {});
    note.textContent = kernels === 1 ? 'in 1 kernel' : `in ${kernels.toLocaleString('en')} kernels`;
    const option = this.option(() => (this.specs ? this.complete(name) : this.go(['packages', name])));
    option.append(name, ' ', note);
    return option;
  }

  /** @param {Record<string, string>} found */
  kernel(found) {
    const path = [found.language, found.kernel_name, found.kernel_version];
    const option = this.option(() => this.go(['kernels', ...path]));
    option.textContent = path.join('/');
    return option;
  }

  /** @param {() => void} choose */
  option(choose) {
    const id = `${this.list.id}-${this.options.length}`;
    const option = element('div', {id, role: 'option', 'aria-selected': 'false'});
    option.addEventListener('pointerdown', (event) => event.preventDefault()); // the field keeps the focus
    option.addEventListener('click', choose);
    this.options.push(option);
    return option;
  }

  /** Takes a name into the field in place of its beginning. @param {string} name */
  complete(name) {
    this.type(this.field.value.replace(/[\p{L}\p{N}_.-]*$/u, name));
    this.close();
  }

  /** @param {string} text */
  type(text) {
    this.field.value = text;
    this.field.dispatchEvent(new Event('input', {bubbles: true}));
  }

  /** Goes to a page. @param {string[]} path */
  go(path) {
    this.close();
    if (path.some((name) => name === '' || name === '.' || name === '..')) return; // no URL leads there
    location.assign([document.documentElement.dataset.base, ...path.map(encodeURIComponent)].join('/'));
  }
}

/** What suggestions are for. @param {HTMLInputElement} field @param {boolean} specs */
function typedIn(field, specs) {
  if (!specs) return field.value.trim();
  const before = field.value.slice(0, field.selectionStart);
  if (before !== field.value || before.lastIndexOf('[') > before.lastIndexOf(']')) return '';
  const found = LAST_NAME.exec(before);
  return found && !/[<>=!~|]\s*$/.test(before.slice(0, before.length - found[1].length)) ? found[1] : '';
}

/** @param {string} name @param {Record<string, string>} attributes @returns {HTMLElement} */
function element(name, attributes) {
  const made = document.createElement(name);
  set(made, attributes);
  return made;
}

/** @param {Element} node @param {Record<string, string>} attributes */
function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}
