import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark' | 'system';

const key = 'wharf.theme';

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  changed();
}

function apply(): void {
  const theme = chosenTheme();
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
}

const shown = new Set<() => void>();

function changed(): void {
  apply();
  for (const each of shown) each();
}

/** What is chosen, wherever it was: in the menu, on the page of the account, or in another window. */
export const useTheme = (): Theme => useSyncExternalStore((show) => {
  shown.add(show);
  return () => shown.delete(show);
}, chosenTheme);

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
window.addEventListener('storage', changed);
