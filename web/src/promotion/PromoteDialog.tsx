import { useId, useState } from 'react';
import { useNavigate } from 'react-router';
import type { RegisteredModel, Stage } from '../api/registry.ts';
import { promote } from '../model/actions.ts';
import { VersionField } from '../model/AliasDialogs.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { links } from '../parts/links.ts';

type PromoteDialogProps = {
  readonly model: RegisteredModel;
  /** The version to promote; without it the reader chooses. */
  readonly version?: number;
  /** The alias it shall take; without it the reader chooses. */
  readonly target?: { readonly alias: string };
  readonly onClose: () => void;
};

const promotedTo: readonly Stage[] = ['Staging', 'Production', 'Archived'];

/** Asks that a version take an alias or a stage, by way of the gates of the model's policy. */
export function PromoteDialog({ model, version, target, onClose }: PromoteDialogProps) {
  const navigate = useNavigate();
  const { name, policy } = model;
  const [kind, setKind] = useState<'alias' | 'stage'>('alias');
  const known = [...new Set([...(policy?.aliases ?? []), ...model.aliases.map(({ alias }) => alias)])];
  const listId = useId();
  return (
    <Dialog
      title={`Promote ${version === undefined ? 'a version' : `version ${version}`}${target ? ` to ${target.alias}` : ''}`}
      action="Promote"
      onClose={onClose}
      onSubmit={async (form) => {
        const comment = String(form.get('comment')).trim();
        const { number } = await promote.request(name, {
          version: version ?? Number(form.get('version')),
          ...(target ??
            (kind === 'alias'
              ? { alias: String(form.get('alias')).trim() }
              : { stage: String(form.get('stage')) })),
          ...(comment === '' ? {} : { comment }),
        });
        void navigate(links.promotion(name, number).slice(1));
      }}
    >
      <p>
        {policy
          ? 'Every gate of the policy that guards the target is evaluated first; the version takes it when they have passed.'
          : 'This model has no policy: the version takes it at once.'}
      </p>
      {version === undefined && <VersionField name={name} />}
      {!target && (
        <>
          <Field label="What it takes">
            <select
              value={kind}
              onChange={({ target: { value } }) => setKind(value === 'stage' ? 'stage' : 'alias')}
            >
              <option value="alias">An alias</option>
              <option value="stage">A stage</option>
            </select>
          </Field>
          {kind === 'alias' ? (
            <Field label="Alias">
              <input
                name="alias"
                required
                maxLength={255}
                pattern="[\w\-]+"
                list={listId}
                defaultValue={known[0]}
              />
              <datalist id={listId}>
                {known.map((alias) => (
                  <option key={alias}>{alias}</option>
                ))}
              </datalist>
            </Field>
          ) : (
            <Field label="Stage">
              <select name="stage" defaultValue="Production">
                {promotedTo.map((stage) => (
                  <option key={stage}>{stage}</option>
                ))}
              </select>
            </Field>
          )}
        </>
      )}
      <Field label="Comment" hint="For whoever approves it.">
        <textarea name="comment" rows={2} maxLength={1000} />
      </Field>
    </Dialog>
  );
}
