import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { Menu } from '../parts/Popover.tsx';
import { Table } from '../parts/Table.tsx';
import { TextTags } from '../parts/TagList.tsx';
import { useMayInDeployment } from '../session/may.tsx';
import { changeGroup } from './actions.ts';
import { GrantDialog } from './GrantDialog.tsx';
import { GroupMembers, NewGroup } from './GroupDialog.tsx';
import { grantsOf, RoleChips } from './RoleChips.tsx';
import { type Group, grantsQuery, groupsQuery, principalsQuery } from './users.ts';

type Asked =
  | { readonly what: 'new' }
  | { readonly what: 'members' | 'role' | 'delete'; readonly group: Group };

/** Groups that are kept here: their members hold what the group holds. */
export function GroupsTab() {
  const mayAdd = useMayInDeployment();
  const [asked, setAsked] = useState<Asked>();
  const groups = useQuery(groupsQuery);
  const grants = useQuery(grantsQuery);
  const principals = useQuery(principalsQuery);
  const names = new Map(principals.data?.map(({ id, name }) => [id, name]));
  const close = () => setAsked(undefined);
  return (
    <>
      <div className="row">
        <p className="hint">Groups of Microsoft Entra ID need not be kept here: rules can be about them.</p>
        {mayAdd && (
          <span className="actions">
            <button type="button" className="primary" onClick={() => setAsked({ what: 'new' })}>
              <Icon name="plus" /> New group
            </button>
          </span>
        )}
      </div>
      <section className="card" aria-label="Groups">
        <Loaded query={groups}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="No groups yet">A role that is given to a group is held by all its members.</Empty>
            ) : (
              <Table
                label="Groups"
                rows={all}
                rowKey={({ name }) => name}
                columns={[
                  { title: 'Name', cell: ({ name }) => name },
                  { title: 'Members', numeric: true, cell: ({ members }) => members.length },
                  {
                    title: 'Who',
                    cell: ({ members }) => (
                      <TextTags texts={members.map((id) => names.get(id) ?? id)} max={5} />
                    ),
                  },
                  {
                    title: 'Role here',
                    cell: ({ name }) =>
                      grants.data ? <RoleChips grants={grantsOf(grants.data, `group:${name}`)} /> : '…',
                  },
                  {
                    title: <span className="hidden">Actions</span>,
                    id: 'actions',
                    cell: (group) => (
                      <Menu
                        name={`Actions on ${group.name}`}
                        className="quiet"
                        align="end"
                        label={<Icon name="more" />}
                        items={[
                          { label: 'Members', onChoose: () => setAsked({ what: 'members', group }) },
                          { label: 'Give a role', onChoose: () => setAsked({ what: 'role', group }) },
                          {
                            label: 'Delete',
                            danger: true,
                            onChoose: () => setAsked({ what: 'delete', group }),
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
      {asked?.what === 'new' && <NewGroup onClose={close} />}
      {asked?.what === 'members' && <GroupMembers group={asked.group} onClose={close} />}
      {asked?.what === 'role' && (
        <GrantDialog
          subject={{ id: `group:${asked.group.name}`, name: `the group ${asked.group.name}` }}
          onClose={close}
        />
      )}
      {asked?.what === 'delete' && (
        <Dialog
          title={`Delete the group ${asked.group.name}?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={() => changeGroup.remove(asked.group.name)}
        >
          <p>Its members no longer hold what the group held.</p>
        </Dialog>
      )}
    </>
  );
}
