import { useState } from 'react';
import { Chip } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { changeGrant } from '../users/actions.ts';
import { Effect, Place, RemovalReason, SubjectName } from '../users/GrantTable.tsx';
import { kindWords, placeOf } from '../users/users.ts';
import { type Held, isUnused } from './review.ts';

type ReviewTableProps = { readonly entries: readonly Held[]; readonly now: number };

/** A line for each rule and each whom it reaches; what nobody uses is marked, and can be taken away here. */
export function ReviewTable({ entries, now }: ReviewTableProps) {
  const [removed, setRemoved] = useState<Held>();
  return (
    <>
      <Table
        label="Who can do what"
        rows={entries}
        rowKey={({ principal, grant_id: grant, workspace }) => `${principal.id} ${grant} ${workspace}`}
        columns={[
          {
            title: 'Who',
            cell: ({ principal: { id, name, kind, disabled }, via }) => (
              <span className="dotted steady">
                {via === 'first-admin' ? (
                  // Whom the settings name need not be known otherwise: there may be no page of them.
                  <span title={id}>{name}</span>
                ) : kind in kindWords ? (
                  <a href={links.principal(id)} title={id}>
                    {name}
                  </a>
                ) : (
                  <span title={id}>whoever has it</span>
                )}
                {disabled && <Chip state="disabled" tone="bad" />}
              </span>
            ),
          },
          { title: 'Role', cell: (entry) => <Effect grant={entry} /> },
          { title: 'Over', cell: (entry) => <Place grant={entry} /> },
          { title: 'By', cell: (entry) => <Way entry={entry} /> },
          {
            title: 'Given',
            cell: ({ granted_by: by, granted_at: at, reason }) => (
              <>
                <span className="steady">
                  {by ?? '—'}
                  {at !== null && (
                    <>
                      , <Ago at={at} />
                    </>
                  )}
                </span>
                {reason !== null && <span className="clamp hint">{reason}</span>}
              </>
            ),
          },
          {
            title: 'Ends',
            cell: ({ expires_at: end }) =>
              end === null ? <span className="hint">never</span> : <Moment at={end} />,
          },
          {
            title: 'Role last used',
            cell: (entry) => (
              <span className="dotted steady">
                {entry.role_last_used_at === null ? (
                  <span className="hint">never</span>
                ) : (
                  <Ago at={entry.role_last_used_at} />
                )}
                {isUnused(entry, now) && <Chip state="unused" tone="busy" />}
              </span>
            ),
          },
          {
            title: 'Seen',
            cell: ({ last_used_at: at }) =>
              at === null ? <span className="hint">never</span> : <Ago at={at} />,
          },
          { title: 'Tokens', numeric: true, cell: ({ tokens }) => tokens },
          {
            title: <span className="hidden">Actions</span>,
            id: 'actions',
            cell: (entry) =>
              entry.grant_id !== null && (
                <button
                  type="button"
                  className="quiet"
                  aria-label={`Revoke: ${entry.principal.name}, ${entry.role ?? 'denied'}, ${placeOf(entry)}`}
                  onClick={() => setRemoved(entry)}
                >
                  Revoke
                </button>
              ),
          },
        ]}
      />
      {removed && <Revoke entry={removed} onClose={() => setRemoved(undefined)} />}
    </>
  );
}

/** The group by which somebody holds it; nothing where they hold it themselves. */
function Way({ entry: { via, principal } }: { readonly entry: Held }) {
  if (via === 'first-admin') return <span className="hint">the settings</span>;
  if (via === `principal:${principal.id}`) return <span className="hint">directly</span>;
  return <SubjectName grant={{ subject: via, subject_name: null }} />;
}

function Revoke({ entry, onClose }: { readonly entry: Held; readonly onClose: () => void }) {
  const { grant_id: id, via, principal, effect, role } = entry;
  const byGroup = via !== `principal:${principal.id}`;
  return (
    <Dialog
      title={effect === 'deny' ? 'Take this denial away?' : `Take the role ${role} away?`}
      action="Revoke"
      danger
      onClose={onClose}
      onSubmit={(form) => changeGrant.remove(id ?? '', String(form.get('reason')).trim())}
    >
      <p>
        <strong>{principal.name}</strong>, {placeOf(entry)}. It stops within seconds.
      </p>
      {byGroup && (
        <p>
          They hold it by <code>{via}</code>: everyone else in it loses it too. To take it from them alone,
          take them out of the group.
        </p>
      )}
      <RemovalReason />
    </Dialog>
  );
}
