import { useState } from 'react';
import { Chip } from '../parts/Chip.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { links } from '../parts/links.ts';
import { Table, type TableColumn } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { revokeToken, scopeText, stateOf, type Token } from './tokens.ts';

type TokenTableProps = {
  readonly tokens: readonly Token[];
  readonly label: string;
  /** Whether the tokens are those of several people. */
  readonly showsOwner?: boolean;
};

/** Tokens with what they are confined to and when they were used last, to revoke. */
export function TokenTable({ tokens, label, showsOwner = false }: TokenTableProps) {
  const [revoked, setRevoked] = useState<Token>();
  const owner: TableColumn<Token> = {
    title: 'Whose',
    cell: ({ principal_id: id }) => <a href={links.principal(id)}>{id}</a>,
  };
  return (
    <>
      <Table
        label={label}
        rows={tokens}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Name',
            cell: ({ id, name }) => (
              <span className="clamp" title={`Its text begins with cairn_${id}`}>
                {name}
              </span>
            ),
          },
          ...(showsOwner ? [owner] : []),
          { title: 'State', cell: (token) => <Chip state={stateOf(token)} tone={tones[stateOf(token)]} /> },
          { title: 'May', cell: ({ scopes }) => scopeText(scopes) },
          {
            title: 'Made',
            cell: ({ created_at: at, created_by: by, principal_id: id }) => (
              <>
                <Ago at={at} />
                {by !== id && ` by ${by}`}
              </>
            ),
          },
          {
            title: 'Last used',
            cell: ({ last_used_at: at }) => (at ? <Ago at={at} /> : <span className="hint">never</span>),
          },
          { title: 'Ends', cell: (token) => <End token={token} /> },
          {
            title: <span className="hidden">Actions</span>,
            id: 'actions',
            cell: (token) =>
              stateOf(token) === 'active' && (
                <button
                  type="button"
                  className="quiet"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() => setRevoked(token)}
                >
                  Revoke
                </button>
              ),
          },
        ]}
      />
      {revoked && (
        <Dialog
          title={`Revoke ${revoked.name}?`}
          action="Revoke"
          danger
          onClose={() => setRevoked(undefined)}
          onSubmit={(form) => revokeToken(revoked.id, String(form.get('reason')).trim())}
        >
          <p>Whatever uses it is refused within seconds. It cannot be brought back.</p>
          <Field label="Reason">
            <input name="reason" maxLength={1000} autoComplete="off" />
          </Field>
        </Dialog>
      )}
    </>
  );
}

const tones = { active: 'good', revoked: 'bad', expired: 'quiet' } as const;

function End({ token: { expires_at: end, revoked } }: { readonly token: Token }) {
  if (!revoked) return <Moment at={end} />;
  return (
    <span title={revoked.reason ?? undefined}>
      revoked <Ago at={revoked.at} /> by {revoked.by}
    </span>
  );
}
