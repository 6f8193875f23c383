import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

export type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What a page shows, kept in its address: a reader who goes back, reloads or sends the link sees the same.
 * What is at its default is left out. Changes replace the entry in the history unless `push` is told.
 */
export function useParamState(): [
  params: URLSearchParams,
  set: (changes: Params, options?: { push?: boolean }) => void,
] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Params, { push = false } = {}) => {
      // Of the address, not of what is drawn: a change that comes before the last one is drawn keeps that.
      const next = new URLSearchParams(/\?.*/.exec(location.hash)?.[0]);
      for (const [key, value] of Object.entries(changes)) {
        next.delete(key);
        for (const each of [value ?? []].flat()) if (each !== '') next.append(key, each);
      }
      setParams(next, { replace: !push });
    },
    [setParams],
  );
  return [params, set];
}

/** One of `options` as a param says; the first where it says none of them. */
export function oneOf<T extends string>(
  options: readonly [T, ...T[]] | readonly T[],
  said: string | null,
): T {
  return options.find((option) => option === said) ?? options[0];
}

/** Two numbers as `12.5~40`; undefined where it is none. */
export function rangeOf(said: string | null): readonly [number, number] | undefined {
  const [from, to] = (said ?? '').split('~').map(Number);
  return said && from !== undefined && to !== undefined && from < to ? [from, to] : undefined;
}

export function rangeText(range: readonly [number, number] | undefined): string | undefined {
  return range?.map((end) => Number(end.toPrecision(12))).join('~');
}
