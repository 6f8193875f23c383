import { useCallback, useState } from 'react';

/** Ids that one experiment's table keeps on this machine, such as those of pinned runs. */
export function useStoredIds(
  kind: 'pins' | 'hidden',
  experimentIds: string,
): readonly [ReadonlySet<string>, (change: (ids: Set<string>) => void) => void] {
  const key = `cairn.${kind}.${experimentIds}`;
  const [state, setState] = useState({ key, ids: read(key) });
  const { ids } = state.key === key ? state : { ids: read(key) };
  const change = useCallback(
    (edit: (ids: Set<string>) => void) => {
      const next = new Set(read(key));
      edit(next);
      write(key, next);
      setState({ key, ids: next });
    },
    [key],
  );
  return [ids, change];
}

function read(key: string): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return new Set(Array.isArray(stored) ? stored.filter((each) => typeof each === 'string') : []);
  } catch {
    return new Set();
  }
}

function write(key: string, ids: ReadonlySet<string>): void {
  try {
    if (ids.size === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify([...ids]));
  } catch {
    // A browser that keeps nothing forgets them with the page.
  }
}
