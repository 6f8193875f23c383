import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Lineage } from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { LineageGraph } from './LineageGraph.tsx';
import { LineageList } from './LineageList.tsx';
import './lineage.css';

const directions = ['both', 'up', 'down'] as const;
const directionNames = { both: 'Both ways', up: 'Where it came from', down: 'What became of it' } as const;
const forms = ['graph', 'list'] as const;
const depths = Array.from({ length: 10 }, (_, at) => at + 1);
const depthAtFirst = 3;

/** Everything that a thing came from and that came of it, as a graph one can walk or as a list. */
export function LineageView({ node }: { readonly node: string }) {
  const [state, change] = useParamState();
  const direction = oneOf(directions, state.get('direction'));
  const form = oneOf(forms, state.get('as'));
  const asked = Number(state.get('depth') ?? depthAtFirst);
  const depth = depths.includes(asked) ? asked : depthAtFirst;
  const query = useQuery({
    queryKey: ['lineage', node, direction, depth],
    queryFn: ({ signal }) => cairn.get<Lineage>('lineage', { query: { node, direction, depth }, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Card
      title="Lineage"
      flush
      actions={
        <span className="row">
          <label className="check">
            Steps
            <select
              value={depth}
              onChange={({ target }) =>
                change({ depth: Number(target.value) === depthAtFirst ? '' : target.value })
              }
            >
              {depths.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <select
            aria-label="Direction"
            value={direction}
            onChange={({ target }) =>
              change({ direction: target.value === directions[0] ? '' : target.value })
            }
          >
            {directions.map((each) => (
              <option key={each} value={each}>
                {directionNames[each]}
              </option>
            ))}
          </select>
          <span className="segments" role="group" aria-label="Shown as">
            {forms.map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={form === each}
                onClick={() => change({ as: each === forms[0] ? '' : each })}
              >
                {each === 'graph' ? 'Graph' : 'List'}
              </button>
            ))}
          </span>
        </span>
      }
    >
      <Loaded query={query} lines={8}>
        {(lineage) => (
          <>
            {lineage.edges.length === 0 && (
              <p className="hint card-none">Nothing is known {directionNone[direction]}.</p>
            )}
            {form === 'graph' ? <LineageGraph lineage={lineage} /> : <LineageList lineage={lineage} />}
            {lineage.truncated && (
              <p className="hint card-none">
                There is more than can be shown: take fewer steps, or go on from a node.
              </p>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

const directionNone = {
  both: 'of where it came from or what became of it',
  up: 'of where it came from',
  down: 'of what became of it',
} as const;
