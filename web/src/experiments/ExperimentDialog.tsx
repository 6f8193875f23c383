import { useId, useState } from 'react';
import { noteTag, ownTags, tagMap } from '../api/tracking.ts';
import type { Experiment, Pair } from '../api/types.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { createExperiment, deleteExperiment, editExperiment } from './actions.ts';

type Closing = { readonly onClose: () => void };

/** Asks for what a new experiment is to be called. */
export function CreateExperiment({
  onClose,
  onCreated,
}: Closing & { readonly onCreated: (id: string) => void }) {
  const [tags, setTags] = useState<readonly Pair[]>([]);
  return (
    <Dialog
      title="New experiment"
      action="Create"
      onClose={onClose}
      onSubmit={async (form) => {
        const id = await createExperiment({ ...textOf(form), tags: given(tags) }, field(form, 'location'));
        onCreated(id);
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={500} />
      </Field>
      <Field label="Description">
        <textarea name="note" rows={3} />
      </Field>
      <TagFields tags={tags} onChange={setTags} />
      <Field
        label="Artifact location"
        hint="Where its runs keep their files; leave empty for this server's own storage."
      >
        <input name="location" placeholder="mlflow-artifacts:/…" />
      </Field>
    </Dialog>
  );
}

/** Name, description and tags of an experiment, to be changed. */
export function EditExperiment({ experiment, onClose }: Closing & { readonly experiment: Experiment }) {
  const [tags, setTags] = useState<readonly Pair[]>(ownTags(experiment.tags));
  return (
    <Dialog
      title="Edit experiment"
      action="Save"
      onClose={onClose}
      onSubmit={(form) => editExperiment(experiment, { ...textOf(form), tags: given(tags) })}
    >
      <Field label="Name">
        <input name="name" required maxLength={500} defaultValue={experiment.name} />
      </Field>
      <Field label="Description">
        <textarea name="note" rows={4} defaultValue={tagMap(experiment.tags).get(noteTag)} />
      </Field>
      <TagFields tags={tags} onChange={setTags} />
    </Dialog>
  );
}

/** Asks before experiments are deleted. */
export function DeleteExperiments({
  experiments,
  onClose,
  onDeleted,
}: Closing & { readonly experiments: readonly Experiment[]; readonly onDeleted?: () => void }) {
  const [first] = experiments;
  return (
    <Dialog
      title={
        experiments.length === 1 ? `Delete ${first?.name}?` : `Delete ${experiments.length} experiments?`
      }
      action="Delete"
      danger
      onClose={onClose}
      onSubmit={async () => {
        for (const { experiment_id: id } of experiments) await deleteExperiment(id);
        onDeleted?.();
      }}
    >
      <p>Its runs go with it. Both stay under “Deleted”, from where they can be restored.</p>
    </Dialog>
  );
}

type TagFieldsProps = {
  readonly tags: readonly Pair[];
  readonly onChange: (tags: readonly Pair[]) => void;
};

function TagFields({ tags, onChange }: TagFieldsProps) {
  const id = useId();
  const change = (at: number, part: Partial<Pair>) =>
    onChange(tags.map((tag, index) => (index === at ? { ...tag, ...part } : tag)));
  return (
    <fieldset className="tag-fields">
      <legend>Tags</legend>
      {tags.map((tag, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- a row is its place: both of its texts are being typed
        <div key={`${id}-${at}`} className="row">
          <input
            aria-label={`Name of tag ${at + 1}`}
            placeholder="Name"
            value={tag.key}
            onChange={(event) => change(at, { key: event.target.value })}
          />
          <input
            aria-label={`Value of tag ${at + 1}`}
            placeholder="Value"
            value={tag.value}
            onChange={(event) => change(at, { value: event.target.value })}
          />
          <button
            type="button"
            className="quiet"
            aria-label={`Remove tag ${at + 1}`}
            onClick={() => onChange(tags.filter((_, index) => index !== at))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" className="quiet" onClick={() => onChange([...tags, { key: '', value: '' }])}>
        <Icon name="plus" /> Add a tag
      </button>
    </fieldset>
  );
}

function textOf(form: FormData) {
  return { name: field(form, 'name').trim(), note: field(form, 'note') };
}

function field(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

function given(tags: readonly Pair[]): readonly Pair[] {
  return tags.filter(({ key }) => key !== '');
}
