import { Dialog, Field } from '../parts/Dialog.tsx';
import { changeWorkspace, type Limits, type Workspace } from './workspaces.ts';

type WorkspaceDialogProps = {
  /** The one to change; without it a new one is made. */
  readonly workspace?: Workspace;
  readonly onClose: () => void;
};

const limits: readonly (readonly [name: keyof Limits, label: string, step: string])[] = [
  ['calls_per_minute', 'Calls that one principal may make each minute', '1'],
  ['storage_gb', 'Storage, in GB', 'any'],
  ['batch_rows_per_month', 'Rows scored by batch jobs each month', '1'],
  ['batch_retention_days', 'Days that files of models’ batch jobs are kept', '1'],
];

/** What a workspace is for, and how much it may use. */
export function WorkspaceDialog({ workspace, onClose }: WorkspaceDialogProps) {
  return (
    <Dialog
      title={workspace ? `The workspace ${workspace.name}` : 'New workspace'}
      action={workspace ? 'Save' : 'Create'}
      onClose={onClose}
      onSubmit={(form) => {
        const text = (name: string) => String(form.get(name) ?? '').trim();
        const given = limits.flatMap(([name]) => (text(name) === '' ? [] : [[name, Number(text(name))]]));
        const draft = {
          description: text('description'),
          limits: given.length > 0 ? (Object.fromEntries(given) as Limits) : null,
        };
        return workspace
          ? changeWorkspace.update(workspace.name, draft)
          : changeWorkspace.create(text('name'), draft);
      }}
    >
      {!workspace && (
        <Field label="Name" hint="Lower-case letters, digits and hyphens. It cannot be changed later.">
          <input
            name="name"
            required
            maxLength={63}
            pattern="[a-z0-9][a-z0-9\-]*"
            title="Lower-case letters, digits and hyphens"
            autoComplete="off"
          />
        </Field>
      )}
      <Field label="Description">
        <textarea name="description" rows={2} maxLength={1000} defaultValue={workspace?.description} />
      </Field>
      {limits.map(([name, label, step], at) => (
        <Field
          key={name}
          label={label}
          {...(at === 0 ? { hint: 'Empty: as the settings of the deployment say.' } : {})}
        >
          <input
            name={name}
            type="number"
            min={step === '1' ? 1 : 0.001}
            step={step}
            defaultValue={workspace?.limits?.[name] ?? ''}
          />
        </Field>
      ))}
    </Dialog>
  );
}
