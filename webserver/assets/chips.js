// Specs of a question as chips before the field, as soon as they are whole. What is in the field and in chips is sent
// as the field alone would be: the server parts and reads it.

import {say} from './say.js';

/** Gives the field of a form chips. @param {HTMLFormElement} form */
export function specChips(form) {
  const field = form.elements.q;
  const box = document.createElement('div');
  box.className = 'tokens';
  const chips = document.createElement('ul');
  chips.className = 'chips';
  chips.setAttribute('aria-label', 'Asked for');
  field.before(box);
  box.append(chips, field);
  form.dataset.chips = '';

  const asked = document.querySelectorAll('#results .asked [data-spec]');
  if (asked.length > 0) field.value = ''; // the server has read it all
  for (const spec of asked) add(spec.dataset.spec, 'spec');
  update();

  function update() {
    chips.hidden = chips.children.length === 0;
    field.required = chips.hidden;
  }

  function add(text, name) {
    const chip = document.createElement('li');
    const code = document.createElement('code');
    code.textContent = text;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = '×';
    button.setAttribute('aria-label', `Remove ${text}`);
    button.addEventListener('click', () => {
      const next = chip.nextElementSibling?.querySelector('button') ?? field;
      remove(chip);
      next.focus();
      say(`${text} removed`);
    });
    const value = document.createElement('input');
    value.type = 'hidden';
    value.name = name;
    value.value = text;
    chip.append(code, button, value);
    chips.append(chip);
  }

  function remove(chip) {
    chip.remove();
    update();
    field.dispatchEvent(new Event('input', {bubbles: true}));
  }

  field.addEventListener('input', () => {
    const [whole, rest] = parted(field.value);
    if (whole.length === 0) return;
    field.value = rest;
    for (const text of whole) add(text, 'q');
    update();
  });
  field.addEventListener('keydown', (event) => {
    const last = chips.lastElementChild;
    if (event.key !== 'Backspace' || field.value !== '' || !last) return;
    event.preventDefault(); // it would take a character of what comes back
    field.value = last.querySelector('code').textContent;
    remove(last);
  });
}

/**
 * Parts what was typed where a comma ended a spec and a letter began the next: not inside of brackets, and not before
 * another condition, as in "numpy>=2,<3".
 * @param {string} text
 * @returns {[string[], string]} the specs that are whole, and the rest
 */
function parted(text) {
  const whole = [];
  let start = 0;
  for (let at = 0, depth = 0; at < text.length; at++) {
    if (text[at] === '[') depth++;
    else if (text[at] === ']') depth--;
    else if (text[at] === ',' && depth <= 0 && /^\s*[\p{L}_]/u.test(text.slice(at + 1))) {
      const spec = text.slice(start, at).trim();
      if (spec) whole.push(spec);
      start = at + 1;
    }
  }
  return [whole, text.slice(start).trimStart()];
}
