// Before the first paint, and not inline: the page's policy allows no inline script.
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem('wharf.theme'); } catch (e) { /* a browser without storage follows the system */ }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
})();
