import { useState } from 'react';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Table, type TableColumn } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { changeGrant } from './actions.ts';
import { type Grant, isOver, placeOf } from './users.ts';

type GrantTableProps = {
  readonly label: string;
  readonly grants: readonly Grant[];
  /** The subject of the page: a rule about another one came by it. */
  readonly subject?: string;
};

/** Rules, each with who made it and why, to take away. */
export function GrantTable({ label, grants, subject }: GrantTableProps) {
  const [removed, setRemoved] = useState<Grant>();
  const who: TableColumn<Grant> = {
    title: subject === undefined ? 'Who' : 'Held by',
    cell: (grant) =>
      grant.subject === subject ? <span className="hint">directly</span> : <SubjectName grant={grant} />,
  };
  return (
    <>
      <Table
        label={label}
        rows={grants}
        rowKey={({ id }) => id}
        columns={[
          ...(subject === undefined ? [who] : []),
          { title: 'Role', cell: (grant) => <Effect grant={grant} /> },
          { title: 'Over', cell: (grant) => <Place grant={grant} /> },
          ...(subject === undefined ? [] : [who]),
          {
            title: 'Given',
            cell: ({ granted_by: by, granted_at: at }) => (
              <>
                {by}, <Ago at={at} />
              </>
            ),
          },
          {
            title: 'Ends',
            cell: (grant) =>
              grant.expires_at === null || grant.expires_at === undefined ? (
                <span className="hint">never</span>
              ) : isOver(grant) ? (
                <Chip state="over" />
              ) : (
                <Moment at={grant.expires_at} />
              ),
          },
          { title: 'Reason', cell: ({ reason }) => <span className="clamp">{reason ?? '—'}</span> },
          {
            title: <span className="hidden">Actions</span>,
            id: 'actions',
            cell: (grant) => (
              <button
                type="button"
                className="quiet"
                aria-label={`Take away: ${grant.role ?? 'denied'}, ${placeOf(grant)}`}
                title="Take away"
                onClick={() => setRemoved(grant)}
              >
                <Icon name="trash" size={14} />
              </button>
            ),
          },
        ]}
      />
      {removed && <RemoveGrant grant={removed} onClose={() => setRemoved(undefined)} />}
    </>
  );
}

function RemoveGrant({ grant, onClose }: { readonly grant: Grant; readonly onClose: () => void }) {
  return (
    <Dialog
      title={grant.effect === 'deny' ? 'Take this denial away?' : `Take the role ${grant.role} away?`}
      action="Take away"
      danger
      onClose={onClose}
      onSubmit={(form) => changeGrant.remove(grant.id, String(form.get('reason')).trim())}
    >
      <p>
        <strong>{grant.subject_name ?? grant.subject}</strong>, {placeOf(grant)}. It stops within seconds.
      </p>
      <RemovalReason />
    </Dialog>
  );
}

/** Why a rule is taken away. */
export function RemovalReason() {
  return (
    <Field label="Reason" hint="Kept in the audit log.">
      <input name="reason" maxLength={500} autoComplete="off" />
    </Field>
  );
}

/** The role that a rule gives, or that it denies everything. */
export function Effect({ grant: { effect, role } }: { readonly grant: Pick<Grant, 'effect' | 'role'> }) {
  if (effect === 'deny') return <Chip state="denied" tone="bad" />;
  return <Chip state={role ?? 'none'} tone={role === 'admin' ? 'busy' : 'good'} />;
}

/** What a rule is about. */
export function Place({ grant }: { readonly grant: Pick<Grant, 'workspace' | 'resource'> }) {
  const { resource } = grant;
  if (!resource) return placeOf(grant);
  const name = resource.name ?? resource.id;
  const href = {
    experiment: links.experiment(resource.id),
    model: links.model(name),
    endpoint: links.endpoint(name),
  }[resource.type];
  return (
    <span className="dotted steady">
      <Tag>{resource.type}</Tag> <a href={href}>{name}</a>
    </span>
  );
}

const subjectKinds: Readonly<Record<string, string>> = {
  group: 'group',
  'entra-group': 'Entra group',
  'app-role': 'app role',
};

type SubjectNameProps = { readonly grant: Pick<Grant, 'subject' | 'subject_name'> };

/** Whom a rule is about. */
export function SubjectName({ grant: { subject, subject_name: name } }: SubjectNameProps) {
  const at = subject.indexOf(':');
  const [kind, id] = [subject.slice(0, at), subject.slice(at + 1)];
  if (kind === 'principal')
    return (
      <a href={links.principal(id)} title={id}>
        {name ?? id}
      </a>
    );
  return (
    <span className="dotted steady">
      <Tag>{subjectKinds[kind] ?? kind}</Tag> {name ?? id}
    </span>
  );
}
