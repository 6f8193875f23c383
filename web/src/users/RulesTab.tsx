import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { useMay } from '../session/may.tsx';
import { GrantDialog } from './GrantDialog.tsx';
import { GrantTable } from './GrantTable.tsx';
import { type Grant, grantsQuery, placeOf } from './users.ts';

/** Every rule that holds here, whomever it is about: also groups and roles of a directory. */
export function RulesTab() {
  const [state, change] = useParamState();
  const mayAdd = useMay('admin');
  const [adding, setAdding] = useState(false);
  const query = useQuery(grantsQuery);
  const wanted = (state.get('q') ?? '').toLowerCase();
  const matches = (each: Grant) =>
    [each.subject, each.subject_name ?? '', each.role ?? 'denied', placeOf(each)].some((text) =>
      text.toLowerCase().includes(wanted),
    );
  return (
    <>
      <div className="row">
        <SearchField
          label="Search rules"
          placeholder="Who, role or thing"
          value={state.get('q') ?? ''}
          onChange={(q) => change({ q })}
        />
        {mayAdd && (
          <span className="actions">
            <button type="button" className="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" /> New rule
            </button>
          </span>
        )}
      </div>
      <section className="card" aria-label="Rules">
        <Loaded query={query} lines={8}>
          {(all) => {
            const found = all.filter(matches);
            if (all.length === 0)
              return (
                <Empty title="No rules yet">
                  Without a rule nobody may do anything here, save the admin that the settings name.
                </Empty>
              );
            if (found.length === 0) return <Empty title="No rule matches" />;
            return <GrantTable label="Rules" grants={found} />;
          }}
        </Loaded>
      </section>
      {adding && <GrantDialog onClose={() => setAdding(false)} />}
    </>
  );
}
