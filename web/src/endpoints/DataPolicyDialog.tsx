import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { type DataPolicy, type PiiRule, setDataPolicy } from './dataPolicy.ts';
import './endpoints.css';

type DataPolicyDialogProps = {
  readonly endpoint: string;
  readonly policy: DataPolicy | null;
  readonly onClose: () => void;
};

type Line = { readonly key: number; readonly column: string; readonly rule: PiiRule };

const daysUsual = 400;

/** Purpose, time and columns of an endpoint's data policy. */
export function DataPolicyDialog({ endpoint, policy, onClose }: DataPolicyDialogProps) {
  const [lines, setLines] = useState<readonly Line[]>(() =>
    Object.entries(policy?.pii ?? {}).map(([column, rule], key) => ({ key, column, rule })),
  );
  const change = (key: number, part: Partial<Line>) =>
    setLines(lines.map((line) => (line.key === key ? { ...line, ...part } : line)));
  return (
    <Dialog
      title={`Data policy of ${endpoint}`}
      action="Save"
      onClose={onClose}
      onSubmit={(form) => {
        const text = (name: string) => String(form.get(name)).trim();
        const pii = Object.fromEntries(lines.map(({ column, rule }) => [column.trim(), rule]));
        if (Object.keys(pii).length < lines.length) throw new Error('Two lines name the same column.');
        const draft = {
          purpose: text('purpose'),
          retention_days: Number(text('days')),
          pii,
          ...(text('subject') === '' ? {} : { subject_key: text('subject') }),
        };
        return setDataPolicy(endpoint, draft, policy);
      }}
    >
      <Field label="Purpose" hint="What predictions are logged for, as a record of processing says it.">
        <textarea name="purpose" rows={2} required maxLength={2000} defaultValue={policy?.purpose} />
      </Field>
      <Field label="Kept for, in days">
        <input
          name="days"
          type="number"
          min={1}
          step={1}
          required
          defaultValue={policy?.retention_days ?? daysUsual}
        />
      </Field>
      <Field
        label="Column that tells people apart"
        hint="By it what is logged of somebody is found when they ask for erasure."
      >
        <input name="subject" maxLength={250} autoComplete="off" defaultValue={policy?.subject_key ?? ''} />
      </Field>
      <fieldset className="pii">
        <legend>Columns with personal data</legend>
        {lines.map(({ key, column, rule }) => (
          <div key={key} className="pii-line">
            <input
              aria-label="Column"
              required
              maxLength={250}
              value={column}
              autoComplete="off"
              onChange={({ target }) => change(key, { column: target.value })}
            />
            <select
              aria-label={`What becomes of ${column || 'the column'}`}
              value={rule}
              onChange={({ target }) => change(key, { rule: target.value as PiiRule })}
            >
              <option value="mask">masked: not kept at all</option>
              <option value="hash">hashed: told apart, not read</option>
            </select>
            <button
              type="button"
              className="quiet"
              aria-label={`Remove ${column || 'the column'}`}
              title="Remove"
              onClick={() => setLines(lines.filter((line) => line.key !== key))}
            >
              <Icon name="trash" size={14} />
            </button>
          </div>
        ))}
        <button
          type="button"
          className="quiet add-note"
          onClick={() =>
            setLines([
              ...lines,
              { key: Math.max(-1, ...lines.map(({ key }) => key)) + 1, column: '', rule: 'mask' },
            ])
          }
        >
          <Icon name="plus" size={14} /> Add a column
        </button>
      </fieldset>
    </Dialog>
  );
}
