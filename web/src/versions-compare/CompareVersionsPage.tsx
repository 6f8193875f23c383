import { useQueries, type UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import { useParams } from 'react-router';
import type { Version } from '../api/registry.ts';
import type { Cell } from '../charts/dimensions.ts';
import { without } from '../compare/compared.ts';
import type { CompareRow } from '../compare/differences.ts';
import { DifferenceTable } from '../compare/DifferenceTable.tsx';
import { versionQuery } from '../model/queries.ts';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { VersionState } from '../parts/VersionState.tsx';
import { rowsOfVersions } from './versions.ts';

const versionsMax = 20;

/** Versions of a model side by side: what they measured, were told, take and give, weigh and need. */
export function CompareVersionsPage() {
  const { name = '' } = useParams();
  const [params] = useParamState();
  const asked = [...new Set((params.get('versions') ?? '').split(',').map(Number))].filter(
    (number) => Number.isInteger(number) && number > 0,
  );
  const { versions, failed, pending } = useQueries({
    queries: asked.slice(0, versionsMax).map((number) => versionQuery(name, number)),
    combine: together,
  });
  return (
    <>
      <PageHead
        title={`Compare ${counted(asked.length, 'version')}`}
        crumbs={[
          { label: 'Models', href: '#/models' },
          { label: name, href: links.model(name) },
        ]}
      />
      {asked.length > versionsMax && <p className="hint">The first {versionsMax} are shown.</p>}
      {failed.length > 0 && (
        <div className="notice" role="alert">
          {counted(failed.length, 'version')} could not be read: {failed[0]?.message}
        </div>
      )}
      {asked.length === 0 ? (
        <Empty title="No versions to compare">
          Choose some of the <a href={links.model(name)}>versions</a> of this model, then Compare.
        </Empty>
      ) : pending ? (
        <Skeleton lines={8} />
      ) : (
        versions.length > 0 && <Comparison name={name} versions={versions} />
      )}
    </>
  );
}

/** What the queries of all versions say; the same array until one of them says something else. */
function together(results: readonly UseQueryResult<Version>[]) {
  return {
    versions: results.flatMap(({ data }) => data ?? []),
    failed: results.flatMap(({ data, error }) => (data || !error ? [] : error)),
    pending: results.some(({ isPending }) => isPending),
  };
}

function Comparison({ name, versions }: { readonly name: string; readonly versions: readonly Version[] }) {
  const [params, change] = useParamState();
  const rows = useMemo(() => rowsOfVersions(versions), [versions]);
  return (
    <DifferenceTable
      label="Versions side by side"
      finds="Find metrics, params, columns"
      rows={rows}
      cellText={cellText}
      columns={versions.map(({ version, aliases, inspection }) => ({
        id: String(version),
        head: (
          <>
            <a href={links.version(name, version)} title={aliases.join(', ')}>
              v{version}
            </a>
            <VersionState inspection={inspection} />
            <span className="clip hint" title={aliases.join(', ')}>
              {aliases.join(', ')}
            </span>
            {versions.length > 1 && (
              <button
                type="button"
                className="quiet"
                aria-label={`Take version ${version} out`}
                title="Take out"
                onClick={() => change({ versions: without(params.get('versions'), String(version)) })}
              >
                <Icon name="close" size={12} />
              </button>
            )}
          </>
        ),
      }))}
    />
  );
}

function cellText({ section, key }: CompareRow, cell: Cell): ReactNode {
  return section === 'Version' && key === 'Stage' && cell !== undefined && cell !== 'None' ? (
    <Chip state={String(cell)} />
  ) : undefined;
}
