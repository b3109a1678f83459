// Runs before anything is shown, so that a chosen theme does not come as a flash after the other one. It is a file of
// its own because pages allow no scripts inside; and no cookie, so that a page is the same bytes for everyone.
(() => {
  const root = document.documentElement;
  root.dataset.js = '';
  try {
    const theme = localStorage.getItem('kernels.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  } catch {
    // storage is switched off: the theme is that of the system
  }
})();
