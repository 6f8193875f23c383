import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted, figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { useSession } from '../session/session.ts';
import { type ChainState, stateQuery, type Verification, verifyLog } from './audit.ts';

/** Where the chain of entries stands, what vouches for it, and a look at whether all of it holds. */
export function ChainCard() {
  const query = useQuery(stateQuery);
  const { is_deployment_admin: mayVerify } = useSession();
  const [checked, setChecked] = useState(0);
  const verify = useMutation({ mutationFn: () => verifyLog(setChecked) });
  return (
    <Card
      title="The chain"
      actions={
        <button
          type="button"
          disabled={verify.isPending || !mayVerify}
          title={mayVerify ? undefined : 'This needs the role admin in every workspace.'}
          onClick={() => {
            setChecked(0);
            verify.mutate();
          }}
        >
          <Icon name="signed" size={14} />{' '}
          {verify.isPending ? `Verifying … ${checked > 0 ? figure(checked) : ''}` : 'Verify'}
        </button>
      }
    >
      <div className="chain">
        <Loaded query={query} lines={2}>
          {(state) => <State state={state} />}
        </Loaded>
        {verify.error && <Failure error={verify.error} />}
        {verify.data && <Result of={verify.data} />}
      </div>
    </Card>
  );
}

function State({ state: { head, last_segment: signed, unsigned_entries: unsigned, warning } }: StateProps) {
  return (
    <>
      <Facts
        of={{
          Entries: (
            <>
              {figure(head.seq)}
              {head.at !== null && (
                <>
                  , the last <Ago at={head.at} />
                </>
              )}
            </>
          ),
          Signed: signed ? (
            <>
              up to {figure(signed.last_seq)}, <Ago at={signed.signed_at} />
            </>
          ) : (
            <Chip state="not signed yet" tone="busy" />
          ),
          'Not signed yet': unsigned > 0 && counted(unsigned, 'entry', 'entries'),
          'Last segment': signed?.name,
          // As `--head` of a verification takes it.
          Head: <Copyable text={`${head.seq}:${head.hash}`} />,
          Key: signed && <Copyable text={signed.key_id} />,
        }}
      />
      {warning !== null && (
        <p className="chain-warning" role="status">
          <Icon name="warning" size={14} /> {warning}
        </p>
      )}
    </>
  );
}

type StateProps = { readonly state: ChainState };

function Result({
  of: { ok, entries, segments, problems, problem_count: count, verified_to: to },
}: ResultProps) {
  return (
    <div className="chain-result" role="status">
      <p>
        <Chip {...verdictOf(ok, entries)} /> {counted(entries, 'entry', 'entries')} in{' '}
        {counted(segments, 'segment')} were read.{' '}
        {entries === 0
          ? 'Entries are written to segments and signed every five minutes.'
          : to.seq > 0
            ? `Signatures vouch for all up to entry ${figure(to.seq)}.`
            : 'No signature vouches for any of them.'}
      </p>
      {problems.length > 0 && (
        <>
          <p>{counted(count, 'problem')}:</p>
          <Table
            label="Problems"
            rows={problems.map((each, at) => ({ ...each, at }))}
            rowKey={({ at }) => String(at)}
            columns={[
              { title: 'Kind', cell: ({ kind }) => <Chip state={kind} tone="bad" /> },
              { title: 'Segment', cell: ({ segment }) => segment ?? '—' },
              { title: 'Entry', numeric: true, cell: ({ seq }) => seq ?? '—' },
              { title: 'What is wrong', cell: ({ message }) => message },
            ]}
          />
        </>
      )}
    </div>
  );
}

function verdictOf(ok: boolean, entries: number) {
  if (!ok) return { state: 'not whole', tone: 'bad' } as const;
  return entries > 0 ? ({ state: 'whole', tone: 'good' } as const) : { state: 'nothing to verify yet' };
}

type ResultProps = { readonly of: Verification };
