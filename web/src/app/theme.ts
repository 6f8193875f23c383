import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';
type Choice = Theme | 'system';

/** The loader that the build puts into the page reads it too, and sets the theme before anything is drawn. */
const key = 'cairn.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const changed = new EventTarget();
let choice = storedChoice();

apply();
dark.addEventListener('change', apply);

/** What the reader chose; `system` follows the machine's own setting. */
export function chooseTheme(chosen: Choice): void {
  choice = chosen;
  try {
    if (chosen === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, chosen);
  } catch {
    // A browser that keeps nothing still shows the choice for this visit.
  }
  apply();
}

export function useThemeChoice(): Choice {
  return useSyncExternalStore(subscribe, () => choice);
}

/** The theme as it is drawn now: what charts on a canvas take their colours by. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}

function apply(): void {
  document.documentElement.dataset['theme'] = theme();
  changed.dispatchEvent(new Event('change'));
}

function theme(): Theme {
  if (choice !== 'system') return choice;
  return dark.matches ? 'dark' : 'light';
}

function storedChoice(): Choice {
  try {
    const stored = localStorage.getItem(key);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

function subscribe(notify: () => void): () => void {
  changed.addEventListener('change', notify);
  return () => changed.removeEventListener('change', notify);
}
