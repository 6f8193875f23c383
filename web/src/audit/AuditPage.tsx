import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../parts/Empty.tsx';
import { Listed } from '../parts/Listed.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { AuditExport } from './AuditExport.tsx';
import { AuditFilters } from './AuditFilters.tsx';
import { ChainCard } from './ChainCard.tsx';
import { EntryTable } from './EntryTable.tsx';
import { entriesQuery, type Filter, filterNames } from './audit.ts';
import './audit.css';

/** What was done and what was denied, by whom, and whether the log of it is whole. */
export function AuditPage() {
  const [state, change] = useParamState();
  const filter: Filter = Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = state.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const query = useInfiniteQuery(entriesQuery(filter));
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <PageHead title="Audit log" actions={<AuditExport filter={filter} />} />
      <ChainCard />
      <AuditFilters filter={filter} onChange={change} />
      <section className="card" aria-label="Entries">
        <Listed
          query={query}
          lines={12}
          rows={query.data?.pages.flatMap(({ entries }) => entries) ?? []}
          none={
            isFiltered ? (
              <Empty title="No entry matches" />
            ) : (
              <Empty title="Nothing has happened yet">
                Every change, every refusal and every download of a model is entered here.
              </Empty>
            )
          }
        >
          {(entries) => <EntryTable entries={entries} onFilter={change} />}
        </Listed>
      </section>
    </>
  );
}
