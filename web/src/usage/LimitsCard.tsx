import { Card } from '../parts/Card.tsx';
import { figure, percent } from '../parts/format.ts';
import { Share } from '../parts/Share.tsx';
import type { Usage } from './usage.ts';

/** What the workspace may use, and how much of it is used. */
export function LimitsCard({ usage: { totals, limits } }: { readonly usage: Usage }) {
  return (
    <Card title="Limits">
      <div className="limits">
        <Limit label="Stored" unit="GB" used={totals.stored_gb} limit={limits.storage_gb} />
        <Limit
          label="Rows of batch jobs this month"
          unit="rows"
          used={totals.batch_rows}
          limit={limits.batch_rows_per_month}
        />
        <div>
          <span className="limit-label">Calls of each principal</span>
          <span>at most {figure(limits.calls_per_minute)} a minute</span>
        </div>
      </div>
    </Card>
  );
}

type LimitProps = {
  readonly label: string;
  readonly unit: string;
  readonly used: number;
  readonly limit: number | null;
};

function Limit({ label, unit, used, limit }: LimitProps) {
  const text = figure(used, unit === 'GB' ? 3 : undefined);
  return (
    <div>
      <span className="limit-label">{label}</span>
      {limit === null ? (
        <span>
          {text} {unit}; there is no limit
        </span>
      ) : (
        <>
          <span>
            {text} of {figure(limit)} {unit}, {percent(used / limit)}
          </span>
          <Share value={used} max={limit} isLimit />
        </>
      )}
    </div>
  );
}
