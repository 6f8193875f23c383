import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { Promotion } from '../api/registry.ts';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { targetText, verdictText } from './words.ts';

type PromotionListProps = {
  readonly name: string;
  readonly query: UseInfiniteQueryResult<InfiniteData<{ readonly promotions: readonly Promotion[] }>>;
  readonly none: string;
  /** In a narrow place, of one version. */
  readonly brief?: boolean;
};

export function PromotionList({ name, query, none, brief = false }: PromotionListProps) {
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={4} />;
  const promotions = query.data.pages.flatMap((page) => page.promotions);
  if (promotions.length === 0) return <p className="hint card-none">{none}</p>;
  return (
    <>
      <Table
        label="Promotions, newest first"
        rows={promotions}
        rowKey={({ number }) => String(number)}
        columns={[
          {
            title: 'Promotion',
            cell: ({ number }) => <a href={links.promotion(name, number)}>Promotion {number}</a>,
          },
          ...(brief
            ? []
            : [
                {
                  title: 'Version',
                  cell: ({ version }: Promotion) => <a href={links.version(name, version)}>v{version}</a>,
                },
              ]),
          { title: 'Takes', cell: ({ target }) => <Tag>{targetText(target)}</Tag> },
          { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
          ...(brief
            ? []
            : [
                { title: 'Gates', cell: ({ gates }: Promotion) => verdictText(gates) },
                { title: 'Asked by', cell: (each: Promotion) => each.requested_by },
              ]),
          { title: 'Asked', cell: (each) => <Ago at={each.created_at} /> },
        ]}
      />
      <More query={query} />
    </>
  );
}
