import type { SignalSetting } from '../settings.ts';
import type { Bounds, Item } from '../signal.ts';
import { learnBounds, type Learnt, type PastWindow, type Side } from './learnt.ts';
import { judgedItem, unjudgedItem } from './verdict.ts';

/** Bounds to hold a figure against, of what they were learnt, or why there are none. */
export type Found =
  | { readonly bounds: Bounds; readonly learnt?: Learnt }
  | { readonly bounds: null; readonly why: string };

/**
 * Holds figures against bounds: those that the settings give, those that they want learnt of earlier windows, or else
 * those of the signal itself. Remembers what was learnt.
 */
export class Holder {
  readonly #thresholds: SignalSetting['thresholds'];
  readonly #past: readonly PastWindow[];
  readonly #learnt: Learnt[] = [];

  constructor({ thresholds }: Pick<SignalSetting, 'thresholds'>, past: readonly PastWindow[] = []) {
    this.#thresholds = thresholds;
    this.#past = past;
  }

  /** An item of a value that could be counted; without a verdict where there are no bounds. */
  hold(of: Pick<Item, 'name' | 'metric' | 'basis'>, value: number, side: Side, usual: () => Found): Item {
    const found = this.#set(of, side) ?? usual();
    if (found.bounds === null) return unjudgedItem(of, found.why, value);
    if (found.learnt) this.#learnt.push(found.learnt);
    return judgedItem(of, value, found.bounds);
  }

  get learnt(): readonly Learnt[] {
    return this.#learnt;
  }

  #set(of: Pick<Item, 'name' | 'metric'>, side: Side): Found | undefined {
    const threshold = Object.hasOwn(this.#thresholds, of.metric) ? this.#thresholds[of.metric] : undefined;
    if (!threshold) return undefined;
    return threshold.kind === 'given'
      ? { bounds: threshold.bounds }
      : foundOf(learnBounds(this.#past, of, threshold, side));
  }
}

export function foundOf(learnt: ReturnType<typeof learnBounds>): Found {
  return 'why' in learnt ? { bounds: null, why: learnt.why } : { bounds: learnt.bounds, learnt };
}
