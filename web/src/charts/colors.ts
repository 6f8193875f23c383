import type { Theme } from '../app/theme.ts';

/** How a run is drawn wherever it is seen together with others. */
export type Ink = {
  /** One of {@link inksMax} looks: a hue, then a shade of it, then a dash. */
  readonly index: number;
  /** Of a line, in pixels; none is a whole line. */
  readonly dash: readonly number[];
};

/** Lightness on a light background, chroma and hue in OKLCH, in an order in which neighbours differ most. */
const palette = [
  [0.55, 0.17, 258],
  [0.62, 0.17, 45],
  [0.53, 0.14, 150],
  [0.55, 0.2, 322],
  [0.66, 0.13, 85],
  [0.48, 0.19, 22],
  [0.6, 0.11, 195],
  [0.44, 0.2, 288],
  [0.65, 0.17, 128],
  [0.64, 0.2, 0],
  [0.4, 0.09, 230],
  [0.42, 0.08, 62],
] as const;
const shades = 3;
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3]];
const inksMax = palette.length * shades * dashes.length;

/**
 * The ink of each of `runIds`. A run prefers the hue that its id tells, so it keeps it from one selection
 * to the next; of several that prefer the same, all but the first by id take the next that is free.
 */
export function inksOf(runIds: readonly string[]): ReadonlyMap<string, Ink> {
  const taken = new Set<number>();
  const inks = new Map<string, Ink>();
  for (const runId of [...new Set(runIds)].toSorted()) {
    if (taken.size === inksMax) taken.clear();
    const index = freeFrom(hashOf(runId) % palette.length, taken);
    taken.add(index);
    inks.set(runId, { index, dash: dashes[Math.floor(index / (palette.length * shades))] ?? [] });
  }
  return inks;
}

/** The colour of an ink on a background of the theme, in CSS; at least 3 : 1 to it. */
export function colorOf({ index }: Ink, theme: Theme): string {
  const [lightness, chroma, hue] = palette[index % palette.length] ?? palette[0];
  const shade = Math.floor(index / palette.length) % shades;
  const light = Math.max(0.36, lightness - [0, 0.11, 0.04][shade]);
  // What is dark on white is as far from black on black.
  const shown = theme === 'light' ? light : 1.26 - light;
  return `oklch(${shown.toFixed(2)} ${(chroma * [1, 0.8, 0.45][shade]).toFixed(3)} ${hue})`;
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
  for (let tier = 0; taken.has(index); tier += palette.length) {
    for (let step = 0; step < palette.length && taken.has(index); step++)
      index = tier + ((start + step) % palette.length);
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
