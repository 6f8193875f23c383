import type { Dimension } from './dimensions.ts';
import { tickLabels } from './labels.ts';
import { shareOf } from './scales.ts';

export type Tick = { readonly label: string; readonly share: number };

const levelsMax = 16;

/** What stands along an axis: of many texts every n-th. */
export function ticksOf(dimension: Dimension): Tick[] {
  if (dimension.kind === 'numbers') {
    const { scale } = dimension;
    const labels = tickLabels(scale.ticks);
    return scale.ticks.map((tick, at) => ({ label: labels[at] ?? '', share: shareOf(scale, tick) ?? 0 }));
  }
  const { levels } = dimension;
  const every = Math.ceil(levels.length / levelsMax);
  return levels.flatMap((label, at) =>
    at % every === 0 ? [{ label: label || '(empty)', share: (at + 0.5) / levels.length }] : [],
  );
}
