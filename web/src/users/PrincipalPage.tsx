import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { workspace } from '../api/client.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { TextTags } from '../parts/TagList.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { PrincipalTokens } from '../tokens/PrincipalTokens.tsx';
import { GrantDialog } from './GrantDialog.tsx';
import { GrantTable } from './GrantTable.tsx';
import { type AskedOfPrincipal, PrincipalDialogs } from './PrincipalDialogs.tsx';
import { grantsOf } from './RoleChips.tsx';
import { grantsQuery, kindWords, type Principal, principalQuery, subjectOf } from './users.ts';
import './users.css';

const crumbs = [{ label: 'Users & roles', href: '#/users' }];

/** Someone who is known here: what they may do and by what, their tokens, and the way to shut them out. */
export function PrincipalPage() {
  const { id = '' } = useParams();
  const query = useQuery(principalQuery(id));
  return (
    <>
      {!query.data && <PageHead title={id} crumbs={crumbs} />}
      <Loaded query={query} lines={6}>
        {(principal) => <Details principal={principal} />}
      </Loaded>
    </>
  );
}

function Details({ principal }: { readonly principal: Principal }) {
  const { id, name, kind, disabled, groups } = principal;
  const navigate = useNavigate();
  const [asked, setAsked] = useState<AskedOfPrincipal>();
  return (
    <>
      <PageHead
        title={name}
        crumbs={crumbs}
        state={
          <>
            <Chip state={kindWords[kind] ?? kind} />
            {disabled && <Chip state="disabled" tone="bad" />}
          </>
        }
        actions={
          <>
            <button type="button" onClick={() => setAsked(disabled ? 'enable' : 'disable')}>
              {disabled ? 'Enable' : 'Disable'}
            </button>
            <MoreActions
              items={[
                { label: 'Rename', onChoose: () => setAsked('rename') },
                { label: 'Delete', danger: true, onChoose: () => setAsked('delete') },
              ]}
            />
          </>
        }
      />
      {disabled && (
        <p className="users-disabled" role="status">
          Shut out by {disabled.by}, <Ago at={disabled.at} />
          {disabled.reason === '' ? '.' : `: ${disabled.reason}`}
        </p>
      )}
      <Facts
        of={{
          Groups: groups.length > 0 && <TextTags texts={groups} max={6} />,
          'Last used': principal.last_used_at ? <Ago at={principal.last_used_at} /> : 'never',
          Known: <Moment at={principal.created_at} />,
          'Made known by': principal.created_by,
          'What they did': <a href={links.audit({ actor: id })}>in the audit log</a>,
          Id: <Copyable text={id} />,
        }}
      />
      <Roles principal={principal} />
      <PrincipalTokens principal={principal} />
      {asked && (
        <PrincipalDialogs
          asked={asked}
          principal={principal}
          onClose={() => setAsked(undefined)}
          onDeleted={() => void navigate('/users')}
        />
      )}
    </>
  );
}

function Roles({ principal: { id, name, groups } }: { readonly principal: Principal }) {
  const [adding, setAdding] = useState(false);
  const query = useQuery(grantsQuery);
  const subject = subjectOf(id);
  return (
    <Card
      title={`Roles in the workspace ${workspace}`}
      flush
      actions={
        <button type="button" className="quiet" onClick={() => setAdding(true)}>
          <Icon name="plus" size={14} /> Give a role
        </button>
      }
    >
      <Loaded query={query}>
        {(all) => {
          const grants = grantsOf(all, subject, groups);
          if (grants.length === 0)
            return <p className="hint card-none">None: they may do nothing in this workspace.</p>;
          return <GrantTable label={`Roles of ${name}`} grants={grants} subject={subject} />;
        }}
      </Loaded>
      <p className="hint card-none">
        What they may do elsewhere is in the{' '}
        <a href={`#/access-review?${new URLSearchParams({ q: id }).toString()}`}>access review</a>.
      </p>
      {adding && <GrantDialog subject={{ id: subject, name }} onClose={() => setAdding(false)} />}
    </Card>
  );
}
