import { useInfiniteQuery } from '@tanstack/react-query';
import { pagesOf, type Version, type VersionFile, versionPath } from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { byteSize } from '../parts/format.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { Table } from '../parts/Table.tsx';

const filesPerPage = 100;

/** Every file of a version as it was read, with the digest by which a copy of it can be told. */
export function FilesTab({ version: { name, version, inspection } }: { readonly version: Version }) {
  const query = useInfiniteQuery({
    queryKey: ['model', name, 'version', version, 'files', inspection.state],
    ...pagesOf<{ files: readonly VersionFile[]; next_page_token?: string }>(
      versionPath(name, version, 'files'),
      { max_results: filesPerPage },
    ),
    enabled: inspection.state !== 'pending',
  });
  if (inspection.state === 'pending')
    return (
      <Card title="Files">
        <Empty title="Being read">
          The files are listed here when each has been read and its digest taken.
        </Empty>
      </Card>
    );
  const files = query.data?.pages.flatMap((page) => page.files) ?? [];
  return (
    <Card title="Files" flush>
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={6} />
      ) : files.length === 0 ? (
        <Empty title="No files">The source of this version holds none.</Empty>
      ) : (
        <Table
          label="Files"
          rows={files}
          rowKey={({ path }) => path}
          columns={[
            { title: 'Path', cell: ({ path }) => <code>{path}</code> },
            { title: 'Size', numeric: true, cell: ({ bytes }) => byteSize(bytes) },
            { title: 'SHA-256', cell: ({ sha256 }) => <Copyable text={sha256} /> },
          ]}
        />
      )}
      <More query={query} />
    </Card>
  );
}
