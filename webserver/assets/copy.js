// Buttons that copy.

import {say} from './say.js';

const LABEL_STAYS = 2000; // milliseconds that a button says what it has done

/**
 * Puts a button behind everything that can be copied: [data-copy] is a text that is shown, [data-copy-url] leads to
 * one.
 * @param {ParentNode} part of the document
 */
export function copyButtons(part) {
  for (const source of part.querySelectorAll('[data-copy], [data-copy-url]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    label(button, source, 'Copy');
    button.addEventListener('click', () => copy(source, button));
    source.after(button);
  }
}

/** @param {HTMLElement} button @param {Element} source @param {string} text what the button says now */
function label(button, source, text) {
  button.textContent = text;
  button.setAttribute('aria-label', `${text}: ${source.dataset.copyName ?? source.textContent}`);
}

/**
 * Copies, or shows and selects the text where pages may not: without TLS.
 * @param {Element} source
 * @param {HTMLElement} button
 */
async function copy(source, button) {
  let done = 'Copied';
  const url = source.getAttribute('data-copy-url');
  try {
    const text = url ? await textOf(url) : source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection()?.selectAllChildren(url ? shown(button, text) : source);
      done = 'Press Ctrl+C';
    }
  } catch {
    done = 'Failed';
  }
  label(button, source, done);
  say(done);
  setTimeout(() => label(button, source, 'Copy'), LABEL_STAYS);
}

/** @param {string} url @returns {Promise<string>} */
async function textOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

/** Shows a text behind a button. @param {HTMLElement} button @param {string} text @returns {Element} */
function shown(button, text) {
  const next = button.nextElementSibling;
  const place = next?.matches('pre.export') ? next : document.createElement('pre');
  place.className = 'export';
  place.tabIndex = 0;
  place.textContent = text;
  button.after(place);
  return place;
}
