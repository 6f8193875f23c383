import type { Theme } from '../app/theme.ts';

/** How a run is drawn wherever it is seen together with others. */
export type Ink = {
  /** One of {@link inksMax} looks: a hue, then a shade of it, then a dash. */
  readonly index: number;
  /** Of a line, in pixels; none is a whole line. */
  readonly dash: readonly number[];
};

/** In an order in which neighbours are far apart. Degrees in OKLCH. */
const hues = [255, 45, 155, 320, 95, 20, 200, 285, 125, 350, 225, 70];
const shades = 3;
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3]];
const inksMax = hues.length * shades * dashes.length;

/**
 * The ink of each of `runIds`. A run prefers the hue that its id tells, so it keeps it from one selection
 * to the next; of several that prefer the same, all but the first by id take the next that is free.
 */
export function inksOf(runIds: readonly string[]): ReadonlyMap<string, Ink> {
  const taken = new Set<number>();
  const inks = new Map<string, Ink>();
  for (const runId of [...new Set(runIds)].toSorted()) {
    if (taken.size === inksMax) taken.clear();
    const index = freeFrom(hashOf(runId) % hues.length, taken);
    taken.add(index);
    inks.set(runId, { index, dash: dashes[Math.floor(index / (hues.length * shades))] ?? [] });
  }
  return inks;
}

/** The colour of an ink on a background of the theme, in CSS; at least 3 : 1 to it. */
export function colorOf({ index }: Ink, theme: Theme): string {
  const hue = hues[index % hues.length] ?? 0;
  const shade = Math.floor(index / hues.length) % shades;
  const lightness =
    theme === 'light' ? ([0.55, 0.42, 0.62][shade] ?? 0.55) : ([0.74, 0.85, 0.62][shade] ?? 0.74);
  return `oklch(${lightness} ${[0.15, 0.11, 0.1][shade] ?? 0.15} ${hue})`;
}

/** The colour of a share from 0 to 1, from blue over green to yellow: an order one sees without a legend. */
export function rampColor(share: number, theme: Theme): string {
  const at = Math.min(Math.max(share, 0), 1);
  const [low, high] = theme === 'light' ? [0.38, 0.72] : [0.55, 0.9];
  return `oklch(${(low + (high - low) * at).toFixed(3)} 0.14 ${Math.round(290 - 195 * at)})`;
}

function freeFrom(start: number, taken: ReadonlySet<number>): number {
  let index = start;
  // The same shade of every hue comes before another shade, and every shade before a dash.
  for (let tier = 0; taken.has(index); tier += hues.length) {
    for (let step = 0; step < hues.length && taken.has(index); step++)
      index = tier + ((start + step) % hues.length);
    if (tier > inksMax) return start;
  }
  return index;
}

/** FNV-1a over the characters: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
