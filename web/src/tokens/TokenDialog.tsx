import { useState } from 'react';
import { workspace } from '../api/client.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { covers, type Role, roles, roleWords } from '../session/roles.ts';
import { useSession } from '../session/session.ts';
import { makeToken, type NewToken } from './tokens.ts';

type TokenDialogProps = {
  /** Whose it will be, where it is not the reader's own. */
  readonly principal?: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
  readonly onMade: (token: NewToken) => void;
};

const days = [7, 30, 90, 180, 365] as const;
const daysUsual = 30;
const secondsPerDay = 86_400;

/** What a new token is for, how long it lives, and what it is confined to. */
export function TokenDialog({ principal, onClose, onMade }: TokenDialogProps) {
  const session = useSession();
  const [role, setRole] = useState<Role | ''>('');
  const own = principal === undefined || principal.id === session.principal.id;
  // Nobody gives what they do not have; what somebody else has is not known here.
  const offered = own ? roles.filter((each) => covers(session.role, each)) : roles;
  return (
    <Dialog
      title={own ? 'New token' : `New token for ${principal.name}`}
      action="Make"
      onClose={onClose}
      onSubmit={async (form) => {
        const where = String(form.get('where'));
        onMade(
          await makeToken({
            name: String(form.get('name')).trim(),
            expires_in_seconds: Number(form.get('days')) * secondsPerDay,
            scopes: {
              ...(role === '' ? {} : { role }),
              ...(where === '' ? {} : { workspaces: [where] }),
            },
            ...(own ? {} : { principal: principal.id }),
          }),
        );
      }}
    >
      <Field label="Name" hint="What uses it, so that it is known later what breaks without it.">
        <input name="name" required maxLength={100} placeholder="nightly training" autoComplete="off" />
      </Field>
      <Field label="Ends after">
        <select name="days" defaultValue={daysUsual}>
          {days.map((count) => (
            <option key={count} value={count}>
              {count} days
            </option>
          ))}
        </select>
      </Field>
      <Field
        label="May"
        hint={role === '' ? 'Never more than its owner, now and later.' : `It ${roleWords[role]}.`}
      >
        <select value={role} onChange={({ target }) => setRole(target.value as Role | '')}>
          <option value="">all that {own ? 'I' : principal.name} may</option>
          {offered.map((each) => (
            <option key={each} value={each}>
              at most {each}
            </option>
          ))}
        </select>
      </Field>
      <Field label="In">
        <select name="where" defaultValue={workspace}>
          {session.workspaces.map(({ name }) => (
            <option key={name} value={name}>
              the workspace {name}
            </option>
          ))}
          <option value="">every workspace of its owner</option>
        </select>
      </Field>
    </Dialog>
  );
}
