import { Card } from '../parts/Card.tsx';
import { figure, percent } from '../parts/format.ts';
import { Share } from '../parts/Share.tsx';
import { amount, type Quantity, type Usage } from './usage.ts';

/** What the workspace may use, and how much of it is used. */
export function LimitsCard({ usage: { totals, limits } }: { readonly usage: Usage }) {
  return (
    <Card title="Limits">
      <div className="limits">
        <Limit of="stored_gb" label="Stored" used={totals.stored_gb} limit={limits.storage_gb} />
        <Limit
          of="batch_rows"
          label="Rows of batch jobs this month"
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
  readonly of: Quantity;
  readonly label: string;
  readonly used: number;
  readonly limit: number | null;
};

function Limit({ of, label, used, limit }: LimitProps) {
  const text = amount(of, used);
  return (
    <div>
      <span className="limit-label">{label}</span>
      {limit === null ? (
        <span>{text}; there is no limit</span>
      ) : (
        <>
          <span>
            {text} of {amount(of, limit)}, {percent(used / limit)}
          </span>
          <Share value={used} max={limit} isLimit />
        </>
      )}
    </div>
  );
}
