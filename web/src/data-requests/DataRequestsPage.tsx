import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../parts/Card.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { ErasureDialog } from './ErasureDialog.tsx';
import { ErasureTable } from './ErasureTable.tsx';
import { HoldsCard } from './HoldsCard.tsx';
import { erasuresQuery } from './erasures.ts';
import './data-requests.css';

/** What people may ask of their data: to have it erased; and what has to be kept all the same. */
export function DataRequestsPage() {
  const [asking, setAsking] = useState(false);
  const [, change] = useParamState();
  const query = useInfiniteQuery(erasuresQuery);
  return (
    <>
      <PageHead
        title="Data requests"
        actions={
          <button type="button" className="primary" onClick={() => setAsking(true)}>
            <Icon name="erase" size={14} /> Erase somebody’s data
          </button>
        }
      />
      <p className="hint">
        Whoever a row of a prediction log is about can ask to have it erased. Rows are found by the column
        that an endpoint’s data policy names for telling people apart.
      </p>
      <Card title="Erasures" flush>
        <Listed
          query={query}
          rows={query.data?.pages.flatMap(({ erasures }) => erasures) ?? []}
          none={
            <Empty title="Nobody’s data was erased yet">
              A look beforehand tells how many rows there are; it changes nothing.
            </Empty>
          }
        >
          {(erasures) => <ErasureTable erasures={erasures} />}
        </Listed>
      </Card>
      <HoldsCard />
      {asking && (
        <ErasureDialog onClose={() => setAsking(false)} onAsked={({ id }) => change({ erasure: id })} />
      )}
    </>
  );
}
