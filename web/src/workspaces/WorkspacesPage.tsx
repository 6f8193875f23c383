import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspace as here } from '../api/client.ts';
import { Chip } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { counted, figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Menu } from '../parts/Popover.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { useMayInDeployment } from '../session/may.tsx';
import { WorkspaceDialog } from './WorkspaceDialog.tsx';
import { changeWorkspace, type Limits, type Workspace, workspacesQuery } from './workspaces.ts';

type Asked = { readonly what: 'new' } | { readonly what: 'edit' | 'delete'; readonly workspace: Workspace };

/** Every workspace that the reader may enter, with the limits that it has of its own. */
export function WorkspacesPage() {
  const [asked, setAsked] = useState<Asked>();
  const mayChange = useMayInDeployment();
  const query = useQuery(workspacesQuery);
  const close = () => setAsked(undefined);
  return (
    <>
      <PageHead
        title="Workspaces"
        actions={
          mayChange && (
            <button type="button" className="primary" onClick={() => setAsked({ what: 'new' })}>
              <Icon name="plus" /> New workspace
            </button>
          )
        }
      />
      <p className="hint">
        Nothing of one workspace is seen in another: neither experiments nor models, endpoints or people’s
        roles.
        {!mayChange && ' Admins of the whole deployment make and change them.'}
      </p>
      <section className="card" aria-label="Workspaces">
        <Loaded query={query}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="No workspace to enter" />
            ) : (
              <Table
                label="Workspaces"
                rows={all}
                rowKey={({ name }) => name}
                columns={[
                  {
                    title: 'Name',
                    cell: ({ name }) => (
                      <span className="dotted">
                        <a href={links.workspace(name)}>{name}</a>
                        {name === here && <Chip state="here" />}
                      </span>
                    ),
                  },
                  {
                    title: 'Description',
                    cell: ({ description }) => <span className="clamp">{description || '—'}</span>,
                  },
                  { title: 'Limits of its own', cell: ({ limits }) => limitsText(limits ?? {}) },
                  {
                    title: 'Made',
                    cell: ({ created_at: at, created_by: by }) =>
                      at ? (
                        <>
                          <Ago at={at} />
                          {by ? ` by ${by}` : ''}
                        </>
                      ) : (
                        '—'
                      ),
                  },
                  {
                    title: <span className="hidden">Actions</span>,
                    id: 'actions',
                    cell: (workspace) =>
                      mayChange && (
                        <Menu
                          name={`Actions on ${workspace.name}`}
                          className="quiet"
                          align="end"
                          label={<Icon name="more" />}
                          items={[
                            {
                              label: 'Description and limits',
                              onChoose: () => setAsked({ what: 'edit', workspace }),
                            },
                            ...(workspace.name === 'default'
                              ? []
                              : [
                                  {
                                    label: 'Delete',
                                    danger: true,
                                    onChoose: () => setAsked({ what: 'delete', workspace }),
                                  },
                                ]),
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
      {asked?.what === 'new' && <WorkspaceDialog onClose={close} />}
      {asked?.what === 'edit' && <WorkspaceDialog workspace={asked.workspace} onClose={close} />}
      {asked?.what === 'delete' && (
        <Dialog
          title={`Delete the workspace ${asked.workspace.name}?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={() => changeWorkspace.remove(asked.workspace.name)}
        >
          <p>The rules about it go with it. A workspace that still holds something is not deleted.</p>
        </Dialog>
      )}
    </>
  );
}

function limitsText(limits: Limits): string {
  const { calls_per_minute: calls, storage_gb: storage, batch_rows_per_month: rows } = limits;
  const { batch_retention_days: days } = limits;
  const texts = [
    calls ? `${counted(calls, 'call')} a minute` : '',
    storage ? `${figure(storage)} GB` : '',
    rows ? `${counted(rows, 'batch row')} a month` : '',
    days ? `batch files for ${counted(days, 'day')}` : '',
  ].filter((text) => text !== '');
  return texts.length === 0 ? 'those of the deployment' : texts.join(', ');
}
