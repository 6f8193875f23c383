import type { ReactNode } from 'react';
import { Failure } from './Failure.tsx';
import { Skeleton } from './Loading.tsx';
import { More } from './More.tsx';

type ListedProps<Row> = {
  readonly query: {
    readonly error: Error | null;
    readonly isPending: boolean;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    refetch(): Promise<unknown>;
    fetchNextPage(): Promise<unknown>;
  };
  /** All that have come so far. */
  readonly rows: readonly Row[];
  /** In their place where there are none. */
  readonly none: ReactNode;
  readonly lines?: number;
  readonly children: (rows: readonly Row[]) => ReactNode;
};

/** A list that comes in pages: on its way, failed, empty, or there. */
export function Listed<Row>({ query, rows, none, lines = 6, children }: ListedProps<Row>) {
  if (query.isPending) return <Skeleton lines={lines} />;
  return (
    <>
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {rows.length > 0 ? children(rows) : !query.error && none}
      <More query={query} />
    </>
  );
}
