// What pages say to those who do not see that something changed.

const region = document.createElement('p');
region.className = 'said';
region.setAttribute('role', 'status');
document.body.append(region);

/** Says a text, after what is being read. @param {string} text */
export function say(text) {
  region.textContent = region.textContent === text ? `${text}\u00a0` : text; // the same again is said again
}
