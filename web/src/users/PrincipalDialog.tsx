import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { changePrincipal } from './actions.ts';
import type { Principal } from './users.ts';

type PrincipalDialogProps = {
  readonly onClose: () => void;
  readonly onAdded: (principal: Principal) => void;
};

const kinds = {
  user: ['A person', 'They sign in by a token that you or they make, or by a password as MLflow knows it.'],
  service: ['A service', 'A program with a name of its own: it works by tokens that admins make for it.'],
  entra: [
    'Someone of Microsoft Entra ID',
    'They sign in with Microsoft; add them to give them a role before.',
  ],
} as const;
type Kind = keyof typeof kinds;

/** Makes someone known. What they may do is said afterwards. */
export function PrincipalDialog({ onClose, onAdded }: PrincipalDialogProps) {
  const [kind, setKind] = useState<Kind>('user');
  return (
    <Dialog
      title="Add someone"
      action="Add"
      onClose={onClose}
      onSubmit={async (form) => {
        const text = (name: string) => String(form.get(name) ?? '').trim();
        const id = kind === 'entra' ? { id: `entra:${text('tenant')}/${text('object')}` } : {};
        onAdded(await changePrincipal.add({ kind, name: text('name'), ...id }));
      }}
    >
      <Field label="Who" hint={kinds[kind][1]}>
        <select value={kind} onChange={({ target }) => setKind(target.value as Kind)}>
          {Object.entries(kinds).map(([value, [words]]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      <Field
        label="Name"
        {...(kind === 'entra' ? {} : { hint: 'Letters, digits, and . _ @ -; in whatever case it is typed.' })}
      >
        <input name="name" required maxLength={100} autoComplete="off" />
      </Field>
      {kind === 'entra' && (
        <>
          <Field label="Directory (tenant) id">
            <input
              name="tenant"
              required
              maxLength={100}
              placeholder="00000000-0000-0000-0000-000000000000"
            />
          </Field>
          <Field
            label="Object id"
            hint="Of the user or the service principal, as the Entra admin center shows it."
          >
            <input
              name="object"
              required
              maxLength={100}
              placeholder="00000000-0000-0000-0000-000000000000"
            />
          </Field>
        </>
      )}
    </Dialog>
  );
}
