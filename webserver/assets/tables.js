// Filters and sorts the packages of a kernel without asking the server, once all of them are on the page. The rules are
// those of the server, and so is the URL: a reload shows the same.

/**
 * Looks after a table with data-total in a part of the page that others replace.
 * @param {Element} results
 * @returns {{show(query: URLSearchParams): boolean}} show reports whether it could
 */
export function localTable(results) {
  /** @type {HTMLTableRowElement[] | null} */
  let rows = null; // all there are, once they have been seen

  function show(query) {
    const table = results.querySelector('table[data-total]');
    if (!table) return false;
    const body = table.tBodies[0];
    if (!rows && body.rows.length === Number(table.dataset.total)) rows = [...body.rows];
    if (!rows) return false;
    const text = (query.get('q') ?? '').toLowerCase();
    const source = query.get('source') ?? '';
    const shown = rows.filter((row) => name(row).toLowerCase().includes(text) && (!source || sourceOf(row) === source));
    shown.sort(order(query.get('sort') ?? ''));
    body.replaceChildren(...shown);
    table.hidden = shown.length === 0;
    results.querySelector('.empty').hidden = shown.length > 0;
    results.querySelector('.pager')?.remove();
    heads(table, query);
    tell(query, shown.length);
    return true;
  }
  return {show};
}

/** @param {HTMLTableRowElement} row */
const name = (row) => row.cells[0].textContent.trim();

/** @param {HTMLTableRowElement} row */
const sourceOf = (row) => row.cells[1].textContent.trim();

/** @param {string} a @param {string} b */
const compare = (a, b) => Number(a > b) - Number(a < b);

/**
 * The order that a word asks for: by name whatever the case, or by source and then so.
 * @param {string} sort
 */
function order(sort) {
  const byName = (a, b) => compare(name(a).toLowerCase(), name(b).toLowerCase()) || compare(name(a), name(b));
  const bySource = (a, b) => compare(sourceOf(a), sourceOf(b));
  switch (sort) {
    case '-name': return (a, b) => byName(b, a);
    case 'source': return (a, b) => bySource(a, b) || byName(a, b);
    case '-source': return (a, b) => bySource(b, a) || byName(a, b);
    default: return byName;
  }
}

/**
 * Has the heads say how the table is sorted, and lead on from there.
 * @param {HTMLTableElement} table
 * @param {URLSearchParams} query
 */
function heads(table, query) {
  const [, down, by] = /^(-?)(.*)$/.exec(query.get('sort') || 'name');
  for (const head of table.querySelectorAll('th[data-sort]')) {
    const word = head.dataset.sort;
    const sorted = word === by;
    head.setAttribute('aria-sort', !sorted ? 'none' : down ? 'descending' : 'ascending');
    head.querySelector('.arrow').textContent = !sorted ? '' : down ? '▼' : '▲';
    const next = new URLSearchParams(query);
    next.set('sort', sorted && !down ? `-${word}` : word);
    head.querySelector('a').search = next.toString();
  }
}

/**
 * Says how many rows are left, and has the link to them as CSV lead to the same.
 * @param {URLSearchParams} query
 * @param {number} shown
 */
function tell(query, shown) {
  const count = document.querySelector('#count');
  count.textContent = count.textContent.replace(/^[\d,]+/, shown.toLocaleString('en'));
  const csv = document.querySelector('a.csv');
  if (!csv) return;
  const same = new URLSearchParams(query);
  same.set('format', 'csv');
  csv.search = same.toString();
}
