import type { Monitor, MonitorResult } from '../api/types.ts';
import { useParamState } from '../parts/params.ts';

/** The segment that the address names; `''` is all rows. */
export function useSegment(): string {
  const [state] = useParamState();
  return state.get('segment') ?? '';
}

type SegmentSelectProps = { readonly monitor: Monitor; readonly result: MonitorResult };

/** Which rows are looked at, where the monitor looks at segments by themselves. */
export function SegmentSelect({ monitor: { segments }, result }: SegmentSelectProps) {
  const [, change] = useParamState();
  const chosen = useSegment();
  const judged = result.signals.map(({ segment }) => segment);
  const set = segments?.values.map((value) => `${segments.column}=${value}`) ?? [];
  const names = [...new Set([...set, ...judged, chosen])].filter((name) => name !== '');
  if (names.length === 0) return null;
  return (
    <label className="check">
      Rows
      <select value={chosen} onChange={({ target }) => change({ segment: target.value || undefined })}>
        <option value="">all</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
