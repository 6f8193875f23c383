import type { Errors } from '../../outcomes/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { Item } from '../signal.ts';
import { type ConceptState, hourAt, takeErrors } from './concept-state.ts';
import { defaultDetectors, type DetectorName, detectorNames, detectorsNamed } from './detectors.ts';
import { insufficient, type JudgedSignal, signalOf } from './items.ts';
import { Holder } from './held.ts';
import type { PastWindow } from './learnt.ts';
import { judgedItem } from './verdict.ts';

export type ConceptDriftInput = {
  readonly segment: string;
  /** The window, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /**
   * `Outcome.errors` of one version, of all hours from `errorsFrom` to `to`: see `conceptErrorsFrom`. Of hours that are
   * not among them there are no labels.
   */
  readonly errors: readonly Errors[];
  readonly errorsFrom: number;
  /** After an earlier window of the same version; `null` for the first. */
  readonly state: ConceptState | null;
  readonly minLabelled: number;
  readonly past?: readonly PastWindow[];
};

/**
 * Whether a version has begun to err more often, or by more, than it did: detectors go through the errors of one prediction
 * after the other, across windows. A drift is something that happens: a window is a breach where one of them found it
 * there, and the next one is none. Detectors then begin anew, so that what has become usual is not told again.
 *
 * A detector's figure is how many drifts it found in the window, and its bound is none at all unless the settings name
 * another. Errors of numbers are seen as |e| / (|e| + s), s their mean in the first hour.
 *
 * @returns what the signal says, and the state that the next window begins with; `null` while there were no labels
 */
export function conceptDrift(
  input: ConceptDriftInput,
  setting: SignalSetting,
): { readonly result: JudgedSignal; readonly state: ConceptState | null } {
  const { segment, from, to, errors, errorsFrom, minLabelled, past } = input;
  const detectors = setting.detectors ? detectorsNamed(setting.detectors) : defaultDetectors;
  const state = takeErrors(input.state, errors, { from: errorsFrom, to }, detectors);
  const head = { signal: 'concept-drift', segment, metric: 'drifts' } as const;
  const hours =
    state?.hours.filter(({ hour }) => hour >= hourAt(from) && hour < hourAt(to + 3_599_999)) ?? [];
  const rows = hours.reduce((sum, each) => sum + each.rows, 0);
  if (!state || rows < Math.max(1, minLabelled))
    return {
      result: insufficient(
        head,
        setting,
        `${rows} predictions have a label; at least ${Math.max(1, minLabelled)} are needed (min_labelled).`,
      ),
      state,
    };
  const watching = detectorNames.filter((name) => state.checkpoints.at(-1)?.states[name] !== undefined);
  if (watching.length === 0)
    return {
      result: insufficient(
        head,
        setting,
        `None of the detectors that are set watches errors of ${state.kind}: DDM and EDDM know right and wrong alone.`,
      ),
      state,
    };
  const holder = new Holder(setting, past);
  const drifts = (name: DetectorName) => hours.reduce((sum, each) => sum + (each.drifts[name] ?? 0), 0);
  const items = watching.map((name): Item => {
    const of = { name, metric: name, basis: 'outcomes' } as const;
    return holder.hold(of, drifts(name), { side: 'upper', least: 0 }, () => ({ bounds: { upper: 0 } }));
  });
  const error = hours.reduce((sum, each) => sum + each.sum, 0) / rows;
  const told = judgedItem(
    { name: 'errors', metric: state.kind === 'classes' ? 'error-rate' : 'mae', basis: 'outcomes' },
    error,
    null,
  );
  const result = signalOf(
    { ...head, headline: { metric: 'drifts' }, items: [...items, told], learnt: holder.learnt },
    setting,
  );
  return {
    result: {
      ...result,
      value: watching.reduce((sum, name) => sum + drifts(name), 0),
      bounds: items.every(({ bounds }) => bounds?.upper === 0) ? { upper: 0 } : null,
    },
    state,
  };
}
