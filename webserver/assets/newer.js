// Tells when there is a newer index than the one that the page was made of.

import {say} from './say.js';

const EVERY = 60_000; // milliseconds

/** Asks now and then, while the page is seen. */
export function newerIndex() {
  const {base, tag} = document.documentElement.dataset;
  let asked = Date.now();
  const timer = setInterval(ask, EVERY);
  document.addEventListener('visibilitychange', () => {
    if (Date.now() - asked >= EVERY) ask();
  });

  async function ask() {
    if (document.hidden) return;
    asked = Date.now();
    try {
      const headers = tag ? {'If-None-Match': tag} : {};
      const response = await fetch(`${base}/api/v1/kernels?limit=1`, {method: 'HEAD', headers, cache: 'no-store'});
      if (response.status !== 200) return; // 304: it is the same; 503: there is none yet
    } catch {
      return; // the next time will do
    }
    clearInterval(timer);
    if (!document.querySelector('#newer')) offer();
  }
}

/** Offers to load the page again. */
function offer() {
  const banner = document.createElement('p');
  banner.id = 'newer';
  banner.className = 'banner note';
  const again = document.createElement('button');
  again.type = 'button';
  again.textContent = 'Reload';
  again.addEventListener('click', () => location.reload());
  banner.append('ℹ There is a newer index than the one that this page shows. ', again);
  document.querySelector('#main').prepend(banner);
  say(banner.firstChild.textContent);
}
