import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { changeGroup } from './actions.ts';
import { type Group, groupQuery, principalsQuery } from './users.ts';

type CloseProps = { readonly onClose: () => void };

/** A new group: its name, and who is in it. */
export function NewGroup({ onClose }: CloseProps) {
  const [members, setMembers] = useState<ReadonlySet<string>>(new Set());
  return (
    <Dialog
      title="New group"
      action="Create"
      onClose={onClose}
      onSubmit={(form) => changeGroup.set(String(form.get('name')).trim(), [...members], null)}
    >
      <Field label="Name" hint="Letters, digits, dots, underscores and hyphens.">
        <input name="name" required maxLength={100} autoComplete="off" />
      </Field>
      <Members chosen={members} onChange={setMembers} />
    </Dialog>
  );
}

/** Who is in a group. Where somebody else has changed it meanwhile, nothing is overwritten. */
export function GroupMembers({ group: { name, members }, onClose }: CloseProps & { readonly group: Group }) {
  // As it is when the dialog opens, and no later: that is what the reader changes.
  const query = useQuery({ ...groupQuery(name), staleTime: 0, gcTime: 0, refetchOnReconnect: false });
  const [changed, setChanged] = useState<ReadonlySet<string>>();
  const chosen = changed ?? new Set(query.data?.it.members ?? members);
  return (
    <Dialog
      title={`Members of ${name}`}
      action="Save"
      onClose={onClose}
      onSubmit={() => changeGroup.set(name, [...chosen], query.data?.version)}
    >
      <Loaded query={query}>{() => <Members chosen={chosen} onChange={setChanged} />}</Loaded>
    </Dialog>
  );
}

type MembersProps = {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
};

function Members({ chosen, onChange }: MembersProps) {
  const principals = useQuery(principalsQuery);
  const [filter, setFilter] = useState('');
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <fieldset className="members">
      <legend>Members, {chosen.size} chosen</legend>
      <input
        type="search"
        aria-label="Filter people and services"
        placeholder="Filter by name"
        value={filter}
        onChange={({ target }) => setFilter(target.value)}
      />
      <Loaded query={principals}>
        {(all) => (
          <div className="members-list">
            {all
              .filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(filter.toLowerCase()))
              .map(({ id, name }) => (
                <label key={id} className="check" title={id}>
                  <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />
                  <span className="cut">{name}</span>
                </label>
              ))}
          </div>
        )}
      </Loaded>
    </fieldset>
  );
}
