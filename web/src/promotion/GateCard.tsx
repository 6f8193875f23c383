import type { GateKind, GateVerdict } from '../api/registry.ts';
import { gateTitles } from '../model/words.ts';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { figuresOf, listsOf, meanings } from './figures.ts';

/** One gate: its verdict, the figures it was judged by, and what they mean. */
export function GateCard({ verdict }: { readonly verdict: GateVerdict }) {
  const { gate, key, status, says, inputs } = verdict;
  const figures = figuresOf(inputs);
  const of = key?.startsWith(`${gate}:`) ? key.slice(gate.length + 1) : undefined;
  return (
    <div className="gate">
      <div className="row">
        <h3>
          {gateTitles[gate as GateKind] ?? gate}
          {of !== undefined && <span className="count"> {of}</span>}
        </h3>
        <Chip state={status} />
      </div>
      <p className="gate-says">{says}</p>
      {figures.length > 0 && <Facts of={Object.fromEntries(figures.map((each) => [each.name, each.text]))} />}
      {listsOf(inputs).map(({ name, rows }) => (
        <details key={name}>
          <summary>
            {name} <span className="count">{rows.length}</span>
          </summary>
          <ul className="gate-rows">
            {rows.map((row) => (
              <li key={row}>{row}</li>
            ))}
          </ul>
        </details>
      ))}
      {meanings[gate as GateKind] !== undefined && <p className="hint">{meanings[gate as GateKind]}</p>}
    </div>
  );
}
