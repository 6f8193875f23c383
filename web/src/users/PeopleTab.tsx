import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { Table } from '../parts/Table.tsx';
import { TextTags } from '../parts/TagList.tsx';
import { Ago } from '../parts/Time.tsx';
import { useMayInDeployment } from '../session/may.tsx';
import { PrincipalDialog } from './PrincipalDialog.tsx';
import { grantsOf, RoleChips } from './RoleChips.tsx';
import { grantsQuery, kindWords, type Principal, principalsQuery, subjectOf } from './users.ts';

const kinds = ['all', 'user', 'service', 'entra', 'workload'] as const;

/** People, services and workloads: found by name, and each with what they may do. */
export function PeopleTab() {
  const navigate = useNavigate();
  const [state, change] = useParamState();
  const mayAdd = useMayInDeployment();
  const [adding, setAdding] = useState(false);
  const principals = useQuery(principalsQuery);
  const grants = useQuery(grantsQuery);
  const wanted = (state.get('q') ?? '').toLowerCase();
  const kind = oneOf(kinds, state.get('kind'));
  const matches = (each: Principal) =>
    (kind === 'all' || each.kind === kind) &&
    [each.name, each.id, ...each.groups].some((text) => text.toLowerCase().includes(wanted));
  return (
    <>
      <div className="row">
        <SearchField
          label="Search people and services"
          placeholder="Name, id or group"
          value={state.get('q') ?? ''}
          onChange={(q) => change({ q })}
        />
        <select
          aria-label="Kind"
          value={kind}
          onChange={({ target }) => change({ kind: target.value === 'all' ? '' : target.value })}
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {each === 'all' ? 'Every kind' : kindWords[each]}
            </option>
          ))}
        </select>
        {mayAdd && (
          <span className="actions">
            <button type="button" className="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" /> Add
            </button>
          </span>
        )}
      </div>
      <section className="card" aria-label="People and services">
        <Loaded query={principals} lines={8}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="Nobody is known yet">
                Add people and services here. Who signs in with Microsoft appears by themselves.
              </Empty>
            ) : (
              <Found
                principals={all.filter(matches)}
                rolesOf={(each) =>
                  grants.data ? (
                    <RoleChips grants={grantsOf(grants.data, subjectOf(each.id), each.groups)} />
                  ) : (
                    '…'
                  )
                }
              />
            )
          }
        </Loaded>
      </section>
      <p className="hint">
        Whom the setting <code>CAIRN_FIRST_ADMIN</code> names is admin everywhere without a rule, and not in
        this list until they are added; the <a href="#/access-review">access review</a> shows them.
      </p>
      {adding && (
        <PrincipalDialog
          onClose={() => setAdding(false)}
          onAdded={({ id }) => void navigate(links.principal(id).slice(1))}
        />
      )}
    </>
  );
}

type FoundProps = {
  readonly principals: readonly Principal[];
  readonly rolesOf: (principal: Principal) => React.ReactNode;
};

function Found({ principals, rolesOf }: FoundProps) {
  if (principals.length === 0) return <Empty title="Nobody matches" />;
  return (
    <Table
      label="People and services"
      rows={principals}
      rowKey={({ id }) => id}
      columns={[
        {
          title: 'Name',
          cell: ({ id, name, disabled }) => (
            <span className="dotted steady">
              <a href={links.principal(id)} title={id}>
                {name}
              </a>
              {disabled && <Chip state="disabled" tone="bad" />}
            </span>
          ),
        },
        { title: 'Kind', cell: ({ kind }) => <span className="steady">{kindWords[kind] ?? kind}</span> },
        { title: 'Groups', cell: ({ groups }) => <TextTags texts={groups} max={3} /> },
        { title: 'Role here', cell: rolesOf },
        {
          title: 'Last used',
          cell: ({ last_used_at: at }) => (at ? <Ago at={at} /> : <span className="hint">never</span>),
        },
      ]}
    />
  );
}
