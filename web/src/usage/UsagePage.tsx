import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspace as here } from '../api/client.ts';
import { Card } from '../parts/Card.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { useSession } from '../session/session.ts';
import { LimitsCard } from './LimitsCard.tsx';
import { UsageTable } from './UsageTable.tsx';
import { lastMonths, monthName, quantities, quantityWords, usageQuery } from './usage.ts';
import './usage.css';

const monthsBack = 13;

/** Who used how much in a month, and how much is left of what the workspace may use. */
export function UsagePage() {
  const { is_deployment_admin: seesAll, workspaces } = useSession();
  const [state, change] = useParamState();
  const [months] = useState(() => lastMonths(monthsBack, Date.now()));
  const month = oneOf(months, state.get('month'));
  const where = seesAll ? (state.get('in') ?? here) : here;
  const by = oneOf(quantities, state.get('by'));
  const query = useQuery(usageQuery(month, where));
  const isNow = month === months[0];
  return (
    <>
      <PageHead title="Usage" />
      <div className="row">
        <select
          aria-label="Month"
          value={month}
          onChange={({ target }) => change({ month: target.value === months[0] ? '' : target.value })}
        >
          {months.map((each) => (
            <option key={each} value={each}>
              {monthName(each)}
            </option>
          ))}
        </select>
        {seesAll && (
          <select
            aria-label="Workspace"
            value={where}
            onChange={({ target }) => change({ in: target.value === here ? '' : target.value })}
          >
            <option value="*">Every workspace</option>
            {workspaces.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <div className="segments usage-quantities" role="group" aria-label="Shown as bars">
          {quantities.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={by === each}
              onClick={() => change({ by: each === quantities[0] ? '' : each })}
            >
              {quantityWords[each]}
            </button>
          ))}
        </div>
      </div>
      <Loaded query={query} lines={10}>
        {(usage) => (
          <>
            {isNow && where === here && <LimitsCard usage={usage} />}
            <Card title={`Used in ${monthName(usage.month)}`} flush>
              {usage.rows.length === 0 ? (
                <Empty title="Nothing was used">What is used now shows within half a minute.</Empty>
              ) : (
                <UsageTable usage={usage} by={by} showsWorkspace={where === '*'} />
              )}
            </Card>
          </>
        )}
      </Loaded>
    </>
  );
}
