import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Policy, RegisteredModel } from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { changeModel } from './actions.ts';
import { PolicyEditor } from './PolicyEditor.tsx';
import { policiesQuery, policyQuery } from './queries.ts';
import { gateText, gateTitles, listed } from './words.ts';

/** What a version must pass to take a guarded alias or stage: in words, to be changed, and as it was before. */
export function PolicyTab({ model }: { readonly model: RegisteredModel }) {
  const [state, change] = useParamState();
  const query = useQuery(policyQuery(model.name));
  const editing = state.get('edit') === 'policy';
  const show = () => change({ edit: '' });
  return (
    <>
      <Loaded query={query}>
        {(policy) =>
          editing ? (
            <PolicyEditor model={model} policy={policy} onClose={show} />
          ) : policy && !policy.ended ? (
            <InForce name={model.name} policy={policy} onEdit={() => change({ edit: 'policy' })} />
          ) : (
            <Card title="Policy">
              <Empty title="No policy">
                Whoever may change this model may move any of its aliases. A policy says which aliases and
                stages a version reaches only by passing gates.
              </Empty>
              <May needs="admin">
                <p className="row centred">
                  <button type="button" className="primary" onClick={() => change({ edit: 'policy' })}>
                    <Icon name="plus" /> Make a policy
                  </button>
                </p>
              </May>
            </Card>
          )
        }
      </Loaded>
      <History name={model.name} />
    </>
  );
}

type InForceProps = { readonly name: string; readonly policy: Policy; readonly onEdit: () => void };

function InForce({ name, policy, onEdit }: InForceProps) {
  const [ending, setEnding] = useState(false);
  return (
    <Card
      title={
        <>
          Policy <span className="count">version {policy.version}</span>
        </>
      }
      actions={
        <May needs="admin">
          <span className="row">
            <button type="button" className="quiet" onClick={() => setEnding(true)}>
              End it
            </button>
            <button type="button" onClick={onEdit}>
              <Icon name="edit" size={14} /> Edit
            </button>
          </span>
        </May>
      }
    >
      <p>
        A version takes {guardedText(policy)} only by a promotion that passes{' '}
        {policy.gates.length === 0 ? 'no gates at all' : 'all of these gates'}.
      </p>
      <Gates policy={policy} />
      <p className="hint">
        By {policy.author}, <Moment at={policy.at} />
      </p>
      {ending && (
        <Dialog
          title="End this policy?"
          action="End it"
          danger
          onClose={() => setEnding(false)}
          onSubmit={() => changeModel.endPolicy(name, policy.version)}
        >
          <p>From then on aliases and stages move without gates. Its versions stay in the history.</p>
        </Dialog>
      )}
    </Card>
  );
}

function Gates({ policy }: { readonly policy: Pick<Policy, 'gates'> }) {
  return (
    <ol className="gate-words">
      {policy.gates.map((gate) => (
        <li key={JSON.stringify(gate)}>
          <strong>{gateTitles[gate.gate] ?? gate.gate}</strong>
          <span>{gateText(gate)}</span>
        </li>
      ))}
    </ol>
  );
}

function guardedText({ aliases, stages }: Pick<Policy, 'aliases' | 'stages'>) {
  return (
    <span className="tags">
      {[...aliases, ...stages.map((stage) => `stage ${stage}`)].map((each) => (
        <Tag key={each}>{each}</Tag>
      ))}
    </span>
  );
}

function History({ name }: { readonly name: string }) {
  const query = useInfiniteQuery(policiesQuery(name));
  const [state, change] = useParamState();
  const policies = query.data?.pages.flatMap((page) => page.policies) ?? [];
  const shown = policies.find(({ version }) => String(version) === state.get('policy'));
  if (query.isPending) return <Skeleton lines={3} />;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (policies.length === 0) return null;
  return (
    <Card title="History" flush>
      <Table
        label="Versions of the policy, newest first"
        rows={policies}
        rowKey={({ version }) => String(version)}
        columns={[
          {
            title: 'Version',
            cell: ({ version }) => (
              <button
                type="button"
                className="link"
                aria-expanded={version === shown?.version}
                onClick={() => change({ policy: version === shown?.version ? '' : String(version) })}
              >
                {version}
              </button>
            ),
          },
          {
            title: 'Guards',
            cell: (policy) =>
              policy.ended ? (
                <Chip state="ended" />
              ) : (
                listed([...policy.aliases, ...policy.stages.map((stage) => `stage ${stage}`)]) || '—'
              ),
          },
          {
            title: 'Gates',
            cell: ({ gates }) => listed(gates.map(({ gate }) => gateTitles[gate].toLowerCase())) || '—',
          },
          { title: 'By', cell: ({ author }) => author },
          { title: 'When', cell: ({ at }) => <Moment at={at} /> },
        ]}
      />
      {shown && shown.gates.length > 0 && (
        <div className="card-body">
          <h3>Version {shown.version}</h3>
          <Gates policy={shown} />
        </div>
      )}
      <More query={query} />
    </Card>
  );
}
