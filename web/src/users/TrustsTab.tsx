import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Menu } from '../parts/Popover.tsx';
import { Table } from '../parts/Table.tsx';
import { useMayInDeployment } from '../session/may.tsx';
import { changeTrust } from './actions.ts';
import { TrustDialog } from './TrustDialog.tsx';
import { type Trust, trustsQuery } from './users.ts';

type Asked = { readonly what: 'new' } | { readonly what: 'edit' | 'delete'; readonly trust: Trust };

/** Workflows of GitHub Actions that get in by GitHub's own token, without a secret. */
export function TrustsTab() {
  const mayAdd = useMayInDeployment();
  const [asked, setAsked] = useState<Asked>();
  const query = useQuery(trustsQuery);
  const close = () => setAsked(undefined);
  return (
    <>
      <div className="row">
        <p className="hint">A workflow that meets all conditions is the principal of the trust.</p>
        {mayAdd && (
          <span className="actions">
            <button type="button" className="primary" onClick={() => setAsked({ what: 'new' })}>
              <Icon name="plus" /> New trust
            </button>
          </span>
        )}
      </div>
      <section className="card" aria-label="GitHub Actions">
        <Loaded query={query}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="No workflow is trusted yet">
                With a trust a workflow works here by the token that GitHub gives it: no secret is kept there.
              </Empty>
            ) : (
              <Table
                label="Trusted workflows"
                rows={all}
                rowKey={({ name }) => name}
                columns={[
                  { title: 'Name', cell: ({ name }) => name },
                  { title: 'Repository', cell: ({ conditions }) => <code>{conditions.repository}</code> },
                  { title: 'Ref', cell: ({ conditions: { ref } }) => <Condition text={ref} /> },
                  {
                    title: 'Environment',
                    cell: ({ conditions: { environment } }) => <Condition text={environment} />,
                  },
                  {
                    title: 'Workflow',
                    cell: ({ conditions: { workflow } }) => <Condition text={workflow} />,
                  },
                  {
                    title: 'Principal',
                    cell: ({ principal_id: id }) => <a href={links.principal(id)}>{id}</a>,
                  },
                  {
                    title: <span className="hidden">Actions</span>,
                    id: 'actions',
                    cell: (trust) => (
                      <Menu
                        name={`Actions on ${trust.name}`}
                        className="quiet"
                        align="end"
                        label={<Icon name="more" />}
                        items={[
                          { label: 'Edit', onChoose: () => setAsked({ what: 'edit', trust }) },
                          {
                            label: 'Delete',
                            danger: true,
                            onChoose: () => setAsked({ what: 'delete', trust }),
                          },
                        ]}
                      />
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </section>
      {asked?.what === 'new' && <TrustDialog onClose={close} />}
      {asked?.what === 'edit' && <TrustDialog trust={asked.trust} onClose={close} />}
      {asked?.what === 'delete' && (
        <Dialog
          title={`Trust ${asked.trust.name} no more?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={() => changeTrust.remove(asked.trust.name)}
        >
          <p>Workflows of {asked.trust.conditions.repository} that came in by it are refused.</p>
        </Dialog>
      )}
    </>
  );
}

function Condition({ text }: { readonly text: string | null | undefined }) {
  return text ? <code>{text}</code> : <span className="hint">any</span>;
}
