// Keys, and the dialog that explains them.

const STORED = 'kernels.keys'; // "off" switches keys without Ctrl off (WCAG 2.2, 2.1.4)

/** Listens for keys, and prepares the dialog. */
export function keys() {
  const dialog = document.querySelector('#help-dialog');
  const single = document.querySelector('#single-keys');
  single.checked = stored() !== 'off';
  single.addEventListener('change', () => store(single.checked ? 'on' : 'off'));
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  document.querySelector('#open-help').addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own: the page of help
    event.preventDefault();
    dialog.showModal();
  });
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || dialog.open) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      search(event);
    } else if (single.checked && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
      if (event.key === '/') search(event);
      if (event.key === '?') {
        event.preventDefault();
        dialog.showModal(); // focus goes back by itself
      }
    }
  });
}

/** Reports whether keys belong to what has the focus. @param {EventTarget | null} target */
function typing(target) {
  return target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox]), select, textarea'));
}

/** Goes to the search, which may be on the first page. @param {KeyboardEvent} event */
function search(event) {
  event.preventDefault();
  const field = document.querySelector('form[role=search] input[name=q]:not([type=hidden])');
  if (!field) {
    location.assign(`${document.documentElement.dataset.base}/#q`);
    return;
  }
  field.focus();
  field.select();
}

/** @returns {string | null} */
function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** @param {string} value */
function store(value) {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // it holds for this page only
  }
}
