import { useState } from 'react';
import { workspace } from '../api/client.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { type Role, roles, roleWords } from '../session/roles.ts';
import { useSession } from '../session/session.ts';
import { changeGrant, type GrantDraft } from './actions.ts';
import { ResourceField } from './ResourceField.tsx';
import { SubjectField } from './SubjectField.tsx';
import type { ResourceType } from './users.ts';

type GrantDialogProps = {
  /** Whom the rule is about, and what they are called; without it that is asked, too. */
  readonly subject?: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
};

const denied = 'deny';
const singles: readonly ResourceType[] = ['experiment', 'model', 'endpoint'];

/** Gives a role, or denies everything: in a workspace or in one thing of it, for good or until a day. */
export function GrantDialog({ subject, onClose }: GrantDialogProps) {
  const { workspaces, is_deployment_admin: isDeploymentAdmin } = useSession();
  const [who, setWho] = useState(subject?.id ?? '');
  const [effect, setEffect] = useState<Role | typeof denied>('viewer');
  const [where, setWhere] = useState(`workspace:${workspace}`);
  const [resource, setResource] = useState<GrantDraft['resource']>();
  const [today] = useState(() => new Date().toISOString().slice(0, 10));
  const single = singles.find((type) => type === where);
  return (
    <Dialog
      title={subject ? `Give ${subject.name} a role` : 'New rule'}
      action={effect === denied ? 'Deny' : 'Give'}
      danger={effect === denied}
      onClose={onClose}
      onSubmit={async (form) => {
        if (who === '') throw new Error('Choose whom the rule is about from the list.');
        if (single && !resource) throw new Error(`Choose which ${single} from the list.`);
        const text = (name: string) => String(form.get(name)).trim();
        await changeGrant.add({
          subject: who,
          workspace: single ? workspace : where.slice('workspace:'.length),
          ...(single && resource ? { resource } : {}),
          ...(effect === denied ? { effect } : { effect: 'allow', role: effect }),
          ...(text('until') === '' ? {} : { expires_at: endOf(text('until')) }),
          ...(text('reason') === '' ? {} : { reason: text('reason') }),
        });
      }}
    >
      {!subject && <SubjectField onChange={setWho} />}
      <Field
        label="Role"
        hint={
          effect === denied
            ? 'Takes everything away, and no other rule brings it back.'
            : `${placeWords(where)}, who has it ${roleWords[effect]}.`
        }
      >
        <select value={effect} onChange={({ target }) => setEffect(target.value as Role)}>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
          <option value={denied}>denied</option>
        </select>
      </Field>
      <Field
        label="Over"
        {...(single
          ? { hint: 'There it stands in place of the role in the workspace, be that more or less.' }
          : {})}
      >
        <select
          value={where}
          onChange={({ target }) => {
            setWhere(target.value);
            setResource(undefined);
          }}
        >
          <option value={`workspace:${workspace}`}>the workspace {workspace}</option>
          {singles.map((type) => (
            <option key={type} value={type}>
              one {type} of it
            </option>
          ))}
          {workspaces
            .filter(({ name, role }) => name !== workspace && role === 'admin')
            .map(({ name }) => (
              <option key={name} value={`workspace:${name}`}>
                the workspace {name}
              </option>
            ))}
          {isDeploymentAdmin && <option value="workspace:*">every workspace, also those to come</option>}
        </select>
      </Field>
      {single && <ResourceField key={single} type={single} onChange={setResource} />}
      <Field label="Until" hint="The last day; empty for good.">
        <input name="until" type="date" min={today} />
      </Field>
      <Field label="Reason">
        <input name="reason" maxLength={500} autoComplete="off" />
      </Field>
    </Dialog>
  );
}

/** Where a role is given, as a sentence begins. */
function placeWords(where: string): string {
  const single = singles.find((type) => type === where);
  if (single) return `On this ${single}`;
  const name = where.slice('workspace:'.length);
  if (name === '*') return 'In every workspace';
  return name === workspace ? 'In this workspace' : `In the workspace ${name}`;
}

/** The end of a day where the reader is. */
function endOf(day: string): number {
  return new Date(`${day}T23:59:59.999`).getTime();
}
