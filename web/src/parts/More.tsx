type MoreProps = {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    fetchNextPage(): Promise<unknown>;
  };
};

/** Below a list that comes in pages: the next one, where there is one. */
export function More({ query }: MoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <div className="more">
      <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {query.isFetchingNextPage ? 'Loading …' : 'Load more'}
      </button>
    </div>
  );
}
