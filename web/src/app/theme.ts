import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';
type Choice = Theme | 'system';

/** The loader in index.html reads it too, before anything is drawn. */
const key = 'cairn.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const changed = new EventTarget();
dark.addEventListener('change', () => changed.dispatchEvent(new Event('change')));

/** What the reader chose; `system` follows the machine's own setting. */
export function chooseTheme(chosen: Choice): void {
  const root = document.documentElement;
  if (chosen === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = chosen;
  try {
    if (chosen === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, chosen);
  } catch {
    // A browser that keeps nothing still shows the choice for this visit.
  }
  changed.dispatchEvent(new Event('change'));
}

export function useThemeChoice(): Choice {
  return useSyncExternalStore(subscribe, choice);
}

/** The theme as it is drawn now: what charts on a canvas take their colours by. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => {
    const chosen = choice();
    return chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
  });
}

function choice(): Choice {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

function subscribe(notify: () => void): () => void {
  changed.addEventListener('change', notify);
  return () => changed.removeEventListener('change', notify);
}
