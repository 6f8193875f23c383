import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { Ago } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { DataPolicyDialog } from './DataPolicyDialog.tsx';
import { type DataPolicy, dataPolicyQuery } from './dataPolicy.ts';

/** What is kept of what an endpoint is asked: what for, how long, and what of it is personal data. */
export function DataPolicyCard({ endpoint }: { readonly endpoint: string }) {
  const [editing, setEditing] = useState(false);
  const query = useQuery(dataPolicyQuery(endpoint));
  const policy = query.data;
  return (
    <Card
      title="Data policy"
      actions={
        policy !== undefined && (
          <May needs="operator">
            <button type="button" className="quiet" onClick={() => setEditing(true)}>
              <Icon name="edit" size={14} /> {policy ? 'Edit' : 'Make one'}
            </button>
          </May>
        )
      }
    >
      <Loaded query={query} lines={3}>
        {(found) =>
          found ? (
            <Told policy={found} />
          ) : (
            <p className="hint">
              Nobody has said what its predictions are logged for. They are kept as long as the deployment
              keeps them, with every column as it came.
            </p>
          )
        }
      </Loaded>
      {editing && policy !== undefined && (
        <DataPolicyDialog endpoint={endpoint} policy={policy} onClose={() => setEditing(false)} />
      )}
    </Card>
  );
}

function Told({ policy }: { readonly policy: DataPolicy }) {
  const columns = Object.entries(policy.pii);
  return (
    <Facts
      of={{
        Purpose: <span className="long">{policy.purpose}</span>,
        'Kept for': counted(policy.retention_days, 'day'),
        'Tells people apart': policy.subject_key ? <code>{policy.subject_key}</code> : 'no column',
        'Personal data':
          columns.length === 0 ? (
            'no column'
          ) : (
            <span className="tags">
              {columns.map(([column, rule]) => (
                <Tag key={column} title={rule === 'mask' ? 'not kept at all' : 'kept as a keyed hash'}>
                  {column} · {rule === 'mask' ? 'masked' : 'hashed'}
                </Tag>
              ))}
            </span>
          ),
        Changed: (
          <>
            <Ago at={policy.changed_at} /> by {policy.changed_by}
          </>
        ),
        Version: <Chip state={`version ${policy.version}`} />,
      }}
    />
  );
}
