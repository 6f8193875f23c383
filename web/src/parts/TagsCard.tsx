import { useState } from 'react';
import type { Pair } from '../api/types.ts';
import { useMay } from '../session/may.tsx';
import { Card } from './Card.tsx';
import { Dialog, Field } from './Dialog.tsx';
import { Icon } from './Icon.tsx';
import { LongText } from './RowList.tsx';

type TagChanges = {
  readonly onSet: (key: string, value: string) => Promise<unknown>;
  readonly onDelete: (key: string) => Promise<unknown>;
};
type TagsCardProps = TagChanges & { readonly tags: readonly Pair[]; readonly editable?: boolean };
type Asking = { readonly what: 'add' } | { readonly what: 'edit' | 'delete'; readonly tag: Pair };

/** The tags that people set, each to change or take away. */
export function TagsCard({ tags, editable: isEditable = true, onSet, onDelete }: TagsCardProps) {
  const editable = useMay('contributor') && isEditable;
  const [asking, setAsking] = useState<Asking>();
  const add = editable && (
    <button type="button" className="quiet" onClick={() => setAsking({ what: 'add' })}>
      <Icon name="plus" size={14} /> Add
    </button>
  );
  return (
    <Card title="Tags" actions={add} flush>
      {tags.length === 0 ? (
        <p className="hint card-none">None.</p>
      ) : (
        <ul className="tag-rows">
          {tags.map((tag) => (
            <li key={tag.key}>
              <LongText text={tag.key} />
              <LongText text={tag.value} />
              {editable && (
                <span className="tag-actions">
                  <button
                    type="button"
                    className="quiet"
                    aria-label={`Edit tag ${tag.key}`}
                    title="Edit"
                    onClick={() => setAsking({ what: 'edit', tag })}
                  >
                    <Icon name="edit" size={14} />
                  </button>
                  <button
                    type="button"
                    className="quiet"
                    aria-label={`Delete tag ${tag.key}`}
                    title="Delete"
                    onClick={() => setAsking({ what: 'delete', tag })}
                  >
                    <Icon name="trash" size={14} />
                  </button>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {asking && (
        <TagDialog asking={asking} onSet={onSet} onDelete={onDelete} onClose={() => setAsking(undefined)} />
      )}
    </Card>
  );
}

type TagDialogProps = TagChanges & {
  readonly asking: Asking;
  readonly onClose: () => void;
};

function TagDialog({ asking, onSet, onDelete, onClose }: TagDialogProps) {
  if (asking.what === 'delete') {
    const { key } = asking.tag;
    return (
      <Dialog
        title={`Delete the tag ${key}?`}
        action="Delete"
        danger
        onSubmit={() => onDelete(key)}
        onClose={onClose}
      >
        <p>Its value is gone then.</p>
      </Dialog>
    );
  }
  const tag = asking.what === 'edit' ? asking.tag : undefined;
  return (
    <Dialog
      title={tag ? `Edit the tag ${tag.key}` : 'Add a tag'}
      action="Save"
      onSubmit={(form) => onSet(tag?.key ?? String(form.get('key')), String(form.get('value')))}
      onClose={onClose}
    >
      {!tag && (
        <Field label="Name">
          <input name="key" required maxLength={250} />
        </Field>
      )}
      <Field label="Value">
        <textarea name="value" rows={3} maxLength={8000} defaultValue={tag?.value} />
      </Field>
    </Dialog>
  );
}
