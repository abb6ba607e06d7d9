// Runs before the first paint, so that a chosen theme does not flash. A file of its own because the CSP allows no inline script.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('why403.theme') || 'auto';
  } catch {}
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
