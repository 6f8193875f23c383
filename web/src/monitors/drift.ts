import type { MonitorBounds, MonitorResult } from '../api/types.ts';
import { wayToBound } from '../charts/heat.ts';

/** What one window said of one feature. */
export type DriftCell = {
  readonly metric: string;
  readonly value: number | null;
  readonly bounds: MonitorBounds | null;
  readonly isBreached: boolean;
  readonly reason?: string | undefined;
  readonly way: number | undefined;
};

export type DriftMap = {
  /** Those that moved most often and farthest first. */
  readonly features: readonly string[];
  /** In order of time. */
  readonly windows: readonly MonitorResult[];
  /** By feature, then by window; undefined where a window says nothing of a feature. */
  readonly cells: ReadonlyMap<string, readonly (DriftCell | undefined)[]>;
};

/** Where the bound of a breach is not known it lies clearly beyond it. */
const unknownBound = { breached: 1.5, ok: 0.5 } as const;

/** How far each feature moved in each window. `results` are newest first. */
export function driftMap(results: readonly MonitorResult[]): DriftMap {
  const windows = results.toReversed();
  const cells = new Map<string, (DriftCell | undefined)[]>();
  for (const [at, { heat, signals }] of windows.entries()) {
    if (!heat) continue;
    const drift = signals.find(({ signal, segment }) => signal === 'feature-drift' && segment === '');
    const items = new Map(drift?.items.map((item) => [item.name, item]));
    // Items that are only in the detail have the bound of the others, where these have one between them.
    const others =
      drift?.items.filter(({ metric, bounds }) => metric === heat.metric && bounds !== null) ?? [];
    const texts = new Set(others.map(({ bounds }) => JSON.stringify(bounds)));
    const common = texts.size === 1 ? (others[0]?.bounds ?? null) : null;
    for (const [place, name] of heat.features.entries()) {
      const line = cells.get(name) ?? Array.from({ length: windows.length }, () => undefined);
      cells.set(name, line);
      const value = heat.values[place] ?? null;
      const isBreached = heat.breached[place] ?? false;
      const item = items.get(name);
      const bounds = item ? item.bounds : common;
      const known = wayToBound(value, bounds);
      line[at] = {
        metric: item?.metric ?? heat.metric,
        value,
        bounds,
        isBreached,
        reason: item?.reason,
        way: known ?? (value === null ? undefined : unknownBound[isBreached ? 'breached' : 'ok']),
      };
    }
  }
  return { features: [...cells.keys()].toSorted(byMove(cells)), windows, cells };
}

function byMove(cells: DriftMap['cells']): (a: string, b: string) => number {
  const moves = new Map(
    [...cells].map(([name, line]) => {
      const breached = line.filter((cell) => cell?.isBreached).length;
      const most = line.reduce((max, cell) => Math.max(max, cell?.way ?? 0), 0);
      return [name, { breached, most }];
    }),
  );
  const none = { breached: 0, most: 0 };
  return (a, b) => {
    const [x, y] = [moves.get(a) ?? none, moves.get(b) ?? none];
    return y.breached - x.breached || y.most - x.most || (a < b ? -1 : 1);
  };
}
