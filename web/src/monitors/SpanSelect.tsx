import { oneOf, useParamState } from '../parts/params.ts';

/** How many windows are looked back at. */
export function SpanSelect({ spans }: { readonly spans: readonly string[] }) {
  const [state, change] = useParamState();
  const chosen = oneOf(spans, state.get('windows'));
  return (
    <select
      aria-label="Windows looked back at"
      value={chosen}
      onChange={({ target }) => change({ windows: target.value === spans[0] ? undefined : target.value })}
    >
      {spans.map((count) => (
        <option key={count} value={count}>
          {count} windows
        </option>
      ))}
    </select>
  );
}
