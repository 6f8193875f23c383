import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspace as here } from '../api/client.ts';
import { DownloadButton } from '../parts/DownloadButton.tsx';
import { Empty } from '../parts/Empty.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { roles } from '../session/roles.ts';
import { useSession } from '../session/session.ts';
import { ReviewTable } from './ReviewTable.tsx';
import { type Held, isUnused, reviewFile, reviewQuery } from './review.ts';

const kept = ['all', ...roles, 'deny'] as const;

/** Who can do what, by which rule, given by whom, and whether they make use of it. */
export function ReviewPage() {
  const { is_deployment_admin: seesAll, workspaces } = useSession();
  const [state, change] = useParamState();
  const [now] = useState(() => Date.now());
  const where = seesAll ? (state.get('in') ?? '') : here;
  const query = useInfiniteQuery(reviewQuery(where));
  const all = query.data?.pages.flatMap(({ entries }) => entries) ?? [];
  const unused = all.filter((each) => isUnused(each, now));
  const found = all.filter(matcher(state, now));
  const isNarrowed = found.length < all.length;
  const onlyUnused = state.get('unused') === '1';
  return (
    <>
      <PageHead
        title="Access review"
        actions={
          <DownloadButton name="access-review.csv" read={() => reviewFile(where)}>
            <Icon name="download" size={14} /> CSV
          </DownloadButton>
        }
      />
      <div className="row">
        <SearchField
          label="Search"
          placeholder="Who, group or thing"
          value={state.get('q') ?? ''}
          onChange={(q) => change({ q })}
        />
        <select
          aria-label="Role"
          value={oneOf(kept, state.get('role'))}
          onChange={({ target }) => change({ role: target.value === 'all' ? '' : target.value })}
        >
          {kept.map((role) => (
            <option key={role} value={role}>
              {role === 'all' ? 'Every role' : role === 'deny' ? 'denied' : role}
            </option>
          ))}
        </select>
        {seesAll && (
          <select
            aria-label="Workspace"
            value={where}
            onChange={({ target }) => change({ in: target.value })}
          >
            <option value="">Every workspace</option>
            {workspaces.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <label className="check">
          <input
            type="checkbox"
            checked={onlyUnused}
            onChange={({ target }) => change({ unused: target.checked ? '1' : '' })}
          />
          Unused for 90 days {unused.length > 0 && <span className="count">{unused.length}</span>}
        </label>
      </div>
      <section className="card" aria-label="Who can do what">
        <Listed
          query={query}
          rows={found}
          lines={10}
          none={
            <Empty title={isNarrowed ? 'Nothing matches' : 'Nobody may do anything here'}>
              {!isNarrowed && 'Save the admin that the settings name.'}
            </Empty>
          }
        >
          {(entries) => <ReviewTable entries={entries} now={now} />}
        </Listed>
      </section>
      {all.length > 0 && (
        <p className="hint" role="status">
          {counted(found.length, 'rule')} in force
          {query.hasNextPage && ', and more to load'}
        </p>
      )}
    </>
  );
}

function matcher(state: URLSearchParams, now: number): (entry: Held) => boolean {
  const wanted = (state.get('q') ?? '').toLowerCase();
  const role = state.get('role');
  const onlyUnused = state.get('unused') === '1';
  return (entry) => {
    const { principal, via, resource } = entry;
    const texts = [principal.id, principal.name, via, resource?.name ?? '', resource?.id ?? ''];
    return (
      texts.some((text) => text.toLowerCase().includes(wanted)) &&
      (!role || entry.role === role || (role === 'deny' && entry.effect === 'deny')) &&
      (!onlyUnused || isUnused(entry, now))
    );
  };
}
