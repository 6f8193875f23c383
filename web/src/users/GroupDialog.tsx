import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { changeGroup } from './actions.ts';
import { type Group, principalsQuery } from './users.ts';

type GroupDialogProps = {
  /** The one whose members are changed; without it a new one is made. */
  readonly group?: Group;
  readonly onClose: () => void;
};

/** A group's name and who is in it. */
export function GroupDialog({ group, onClose }: GroupDialogProps) {
  const principals = useQuery(principalsQuery);
  const [filter, setFilter] = useState('');
  const [members, setMembers] = useState<ReadonlySet<string>>(new Set(group?.members));
  const toggle = (id: string) => {
    const next = new Set(members);
    if (!next.delete(id)) next.add(id);
    setMembers(next);
  };
  return (
    <Dialog
      title={group ? `Members of ${group.name}` : 'New group'}
      action={group ? 'Save' : 'Create'}
      onClose={onClose}
      onSubmit={(form) => changeGroup.set(group?.name ?? String(form.get('name')).trim(), [...members])}
    >
      {!group && (
        <Field label="Name" hint="Letters, digits, dots, underscores and hyphens.">
          <input name="name" required maxLength={100} autoComplete="off" />
        </Field>
      )}
      <fieldset className="members">
        <legend>Members, {members.size} chosen</legend>
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
                    <input type="checkbox" checked={members.has(id)} onChange={() => toggle(id)} />
                    <span className="cut">{name}</span>
                  </label>
                ))}
            </div>
          )}
        </Loaded>
      </fieldset>
    </Dialog>
  );
}
