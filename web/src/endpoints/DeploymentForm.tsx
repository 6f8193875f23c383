import { type ReactNode, useId } from 'react';
import { executions } from '../api/endpoints.ts';
import { Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { type DeploymentDraft, type Source, sources } from './draft.ts';
import { type Fault, inputAt } from './faults.ts';
import { FaultText } from './FaultText.tsx';
import { ModelField, useModelsNamed } from './ModelField.tsx';
import { executionWords } from './words.ts';

type DeploymentFormProps = {
  readonly draft: DeploymentDraft;
  /** What the server found wrong with it. */
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<DeploymentDraft>) => void;
  /** Absent for the only one. */
  readonly onRemove: (() => void) | undefined;
};

const sourceTitles: Readonly<Record<Source, string>> = {
  alias: 'Alias',
  version: 'Version',
  external: 'Elsewhere',
};

/** One deployment: its name, and what answers. */
export function DeploymentForm({ draft, fault, onChange, onRemove }: DeploymentFormProps) {
  const { name, source } = draft;
  const wrong = fault && inputAt(fault);
  return (
    <fieldset className={fault ? 'deployment-form at-fault' : 'deployment-form'}>
      <legend>Deployment {name}</legend>
      {onRemove && (
        <button
          type="button"
          className="quiet deployment-remove"
          aria-label={`Remove the deployment ${name}`}
          title="Remove"
          onClick={onRemove}
        >
          <Icon name="close" size={14} />
        </button>
      )}
      <div className="pair">
        <Field label="Name">
          <input
            required
            value={name}
            maxLength={32}
            pattern="[a-z][a-z0-9\-]*"
            title="a-z, 0-9 and hyphens, with a letter first"
            aria-invalid={wrong === 'name'}
            autoComplete="off"
            onChange={({ target }) => onChange({ name: target.value })}
          />
        </Field>
        <div className="field">
          <span>Answers with</span>
          <div className="segments" role="group" aria-label={`What ${name} answers with`}>
            {sources.map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={source === each}
                onClick={() => onChange({ source: each })}
              >
                {sourceTitles[each]}
              </button>
            ))}
          </div>
        </div>
      </div>
      {source === 'external' ? (
        <Elsewhere draft={draft} wrong={wrong} onChange={onChange} />
      ) : (
        <OfModel draft={draft} wrong={wrong} onChange={onChange} />
      )}
      {fault && <FaultText fault={fault} />}
    </fieldset>
  );
}

type PartProps = Pick<DeploymentFormProps, 'draft' | 'onChange'> & {
  /** The input that the server found at fault. */
  readonly wrong: string | undefined;
};

function OfModel({ draft, wrong, onChange }: PartProps): ReactNode {
  const listId = useId();
  const { source, model } = draft;
  const found = useModelsNamed(model);
  const aliases = found.find(({ name }) => name === model)?.aliases ?? [];
  return (
    <>
      <div className="pair">
        <ModelField
          label="Model"
          found={found}
          isWrong={wrong === 'model'}
          value={model}
          onChange={(chosen) => onChange({ model: chosen })}
        />
        {source === 'alias' ? (
          <Field label="Alias" hint="A move of it starts a rollout.">
            <input
              required
              list={listId}
              aria-invalid={wrong === 'alias'}
              value={draft.alias}
              autoComplete="off"
              onChange={({ target }) => onChange({ alias: target.value })}
            />
          </Field>
        ) : (
          <Field label="Version" hint="It stays with this one.">
            <input
              required
              type="number"
              min={1}
              step={1}
              aria-invalid={wrong === 'version'}
              value={draft.version}
              onChange={({ target }) => onChange({ version: target.value })}
            />
          </Field>
        )}
        <datalist id={listId}>
          {aliases.map(({ alias, version }) => (
            <option key={alias} value={alias}>{`v${version}`}</option>
          ))}
        </datalist>
      </div>
      <div className="pair">
        <Field label="Runs" hint={executionWords[draft.execution]}>
          <select
            value={draft.execution}
            onChange={({ target }) =>
              onChange({ execution: executions.find((each) => each === target.value) ?? 'auto' })
            }
          >
            {executions.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
        <Field label="Rows run together" hint="Of calls that meet; 1 runs each alone.">
          <input
            type="number"
            required
            min={1}
            max={1024}
            step={1}
            value={draft.microBatchRows}
            onChange={({ target }) => onChange({ microBatchRows: target.value })}
          />
        </Field>
      </div>
    </>
  );
}

function Elsewhere({ draft, wrong, onChange }: PartProps) {
  return (
    <>
      <Field label="Address" hint="Calls are sent on to it by POST, as MLflow’s scoring server takes them.">
        <input
          type="url"
          required
          aria-invalid={wrong === 'url'}
          placeholder="https://scoring.example.org/invocations"
          value={draft.url}
          onChange={({ target }) => onChange({ url: target.value })}
        />
      </Field>
      <Field
        label="Secret"
        hint={
          draft.hasSecret
            ? 'One is kept. Leave this empty to keep it; what is typed here replaces it.'
            : 'Sent along as bearer token, where it asks for one. It is not shown again.'
        }
      >
        <input
          type="password"
          aria-invalid={wrong === 'secret'}
          autoComplete="off"
          maxLength={4000}
          disabled={draft.dropsSecret}
          value={draft.secret}
          onChange={({ target }) => onChange({ secret: target.value })}
        />
      </Field>
      {draft.hasSecret && (
        <label className="check">
          <input
            type="checkbox"
            checked={draft.dropsSecret}
            onChange={({ target }) => onChange({ dropsSecret: target.checked, secret: '' })}
          />
          Take the secret away
        </label>
      )}
    </>
  );
}
