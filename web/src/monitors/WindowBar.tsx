import type { ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import type { MonitorResult } from '../api/types.ts';
import { Icon } from '../parts/Icon.tsx';
import { Moment } from '../parts/Time.tsx';
import { VerdictChips } from './Verdict.tsx';

/** Goes to the page of another window, with all else that the address says. */
export function useWindowChoice(monitor: string): (windowEnd: number | undefined, feature?: string) => void {
  const navigate = useNavigate();
  const { search } = useLocation();
  return (windowEnd, feature) => {
    const state = new URLSearchParams(search);
    state.delete('tab');
    if (feature !== undefined) {
      state.set('feature', feature);
      state.delete('of');
    }
    const path = `/monitors/${encodeURIComponent(monitor)}${windowEnd === undefined ? '' : `/${windowEnd}`}`;
    void navigate({ pathname: path, search: state.toString() });
  };
}

type WindowBarProps = {
  /** Newest first. */
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult;
  readonly children?: ReactNode;
};

/** Which window is looked at, and the way to those beside it. */
export function WindowBar({ results, chosen, children }: WindowBarProps) {
  const go = useWindowChoice(chosen.monitor);
  const at = results.findIndex(({ window_end: end }) => end === chosen.window_end);
  const [before, after] = [at === -1 ? undefined : results[at + 1], at > 0 ? results[at - 1] : undefined];
  return (
    <div className="row window-bar">
      <div className="segments" role="group" aria-label="Window">
        <button
          type="button"
          disabled={!before}
          aria-label="The window before"
          onClick={() => go(before?.window_end)}
        >
          <span className="turned">
            <Icon name="right" size={14} />
          </span>
        </button>
        <button
          type="button"
          disabled={!after}
          aria-label="The window after"
          onClick={() => go(after?.window_end)}
        >
          <Icon name="right" size={14} />
        </button>
        <button type="button" aria-pressed={at === 0} onClick={() => go(undefined)}>
          Latest
        </button>
      </div>
      <h2 className="window-title">
        <Moment at={chosen.window_start} /> to <Moment at={chosen.window_end} />
      </h2>
      {/* Those of the latest window stand beside the title of the page. */}
      {at !== 0 && <VerdictChips result={chosen} />}
      {children}
    </div>
  );
}
