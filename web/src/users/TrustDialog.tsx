import { Dialog, Field } from '../parts/Dialog.tsx';
import { changeTrust } from './actions.ts';
import type { Trust } from './users.ts';

type TrustDialogProps = {
  /** The one to change; without it a new one is made. */
  readonly trust?: Trust;
  readonly onClose: () => void;
};

/** Which workflows are trusted: by repository, and as narrow as the reader likes. */
export function TrustDialog({ trust, onClose }: TrustDialogProps) {
  const { conditions } = trust ?? {};
  return (
    <Dialog
      title={trust ? `Edit ${trust.name}` : 'Trust a workflow'}
      action={trust ? 'Save' : 'Create'}
      onClose={onClose}
      onSubmit={(form) => {
        const text = (name: string) => String(form.get(name) ?? '').trim();
        const given = (name: string) => (text(name) === '' ? {} : { [name]: text(name) });
        const asked = {
          repository: text('repository'),
          ...given('ref'),
          ...given('environment'),
          ...given('workflow'),
        };
        return changeTrust.set(trust?.name ?? text('name'), asked, trust === undefined);
      }}
    >
      {!trust && (
        <Field label="Name" hint="Its principal is workload:<name>; give that one a role afterwards.">
          <input name="name" required maxLength={100} autoComplete="off" />
        </Field>
      )}
      <Field label="Repository">
        <input
          name="repository"
          required
          maxLength={200}
          placeholder="owner/name"
          defaultValue={conditions?.repository}
        />
      </Field>
      <Field label="Ref" hint="A full ref; * at the end stands for any rest. Empty: any branch and tag.">
        <input
          name="ref"
          maxLength={300}
          placeholder="refs/heads/main"
          defaultValue={conditions?.ref ?? ''}
        />
      </Field>
      <Field label="Environment" hint="Of GitHub, with the approvals that it asks for.">
        <input
          name="environment"
          maxLength={200}
          placeholder="production"
          defaultValue={conditions?.environment ?? ''}
        />
      </Field>
      <Field label="Workflow file">
        <input
          name="workflow"
          maxLength={300}
          placeholder="owner/name/.github/workflows/train.yml"
          defaultValue={conditions?.workflow ?? ''}
        />
      </Field>
    </Dialog>
  );
}
