import { Dialog, Field } from '../parts/Dialog.tsx';
import { changePrincipal } from './actions.ts';
import type { Principal } from './users.ts';

export type AskedOfPrincipal = 'disable' | 'enable' | 'rename' | 'delete';

type PrincipalDialogsProps = {
  readonly asked: AskedOfPrincipal;
  readonly principal: Principal;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
};

/** What can be done about someone, each asked first. */
export function PrincipalDialogs({ asked, principal, onClose, onDeleted }: PrincipalDialogsProps) {
  const { id, name } = principal;
  const reasonOf = (form: FormData) => String(form.get('reason')).trim();
  switch (asked) {
    case 'disable':
      return (
        <Dialog
          title={`Shut out ${name}?`}
          action="Disable"
          danger
          onClose={onClose}
          onSubmit={(form) => changePrincipal.disable(id, reasonOf(form))}
        >
          <p>
            Whatever they present is refused within seconds, each of their tokens too. Nothing is deleted.
          </p>
          <Reason />
        </Dialog>
      );
    case 'enable':
      return (
        <Dialog
          title={`Let ${name} in again?`}
          action="Enable"
          onClose={onClose}
          onSubmit={(form) => changePrincipal.enable(id, reasonOf(form))}
        >
          <p>Their roles and unexpired tokens are in force again.</p>
          <Reason />
        </Dialog>
      );
    case 'rename':
      return (
        <Dialog
          title={`Rename ${name}`}
          action="Rename"
          onClose={onClose}
          onSubmit={(form) => changePrincipal.rename(id, String(form.get('name')).trim())}
        >
          <Field label="Name" hint="The id stays, and with it everything that refers to them.">
            <input name="name" required maxLength={100} defaultValue={name} autoComplete="off" />
          </Field>
        </Dialog>
      );
    case 'delete':
      return (
        <Dialog
          title={`Delete ${name}?`}
          action="Delete"
          danger
          onClose={onClose}
          onSubmit={async () => {
            await changePrincipal.remove(id);
            onDeleted();
          }}
        >
          <p>
            Their rules and tokens go with them. What they did stays under their id. To shut somebody out who
            signs in with Microsoft, disable them: deleted, they would be known again at their next sign-in.
          </p>
        </Dialog>
      );
  }
}

function Reason() {
  return (
    <Field label="Reason" hint="Kept in the audit log.">
      <input name="reason" required maxLength={500} autoComplete="off" />
    </Field>
  );
}
