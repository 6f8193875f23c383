import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client.ts';
import {
  type Gate,
  type GateKind,
  type Policy,
  type PolicyDraft,
  type RegisteredModel,
  stages,
  type Stage,
} from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { Field } from '../parts/Dialog.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Menu } from '../parts/Popover.tsx';
import { changeModel } from './actions.ts';
import { draftOf, type GateDraft, gateOf, newDraft, wordsOf } from './drafts.ts';
import { GateForm } from './GateForm.tsx';
import { gateTitles } from './words.ts';

type PolicyEditorProps = {
  readonly model: RegisteredModel;
  readonly policy: Policy | null;
  readonly onClose: () => void;
};

/** A policy as it is being written: as a form, or as JSON. */
type Draft =
  | {
      readonly as: 'form';
      readonly aliases: string;
      readonly stages: readonly Stage[];
      readonly gates: readonly GateDraft[];
    }
  | { readonly as: 'json'; readonly text: string };
type Sending = { readonly status: 'idle' | 'busy' } | { readonly status: 'failed'; readonly error: unknown };

const guardable = stages.filter((stage) => stage !== 'None');
const onePerPolicy: readonly GateKind[] = [
  'required-tags',
  'schema',
  'inspection',
  'signature',
  'evaluation-drift',
  'approvals',
  'freeze',
];

/** Writes the next version of a model's policy. What the server finds wrong is said where it stands. */
export function PolicyEditor({ model, policy, onClose }: PolicyEditorProps) {
  // What the draft began from: it never replaces what another wrote since.
  const [base, setBase] = useState(policy?.version ?? 0);
  const [draft, setDraft] = useState<Draft>(() => formOf(startOf(policy)));
  const [sending, setSending] = useState<Sending>({ status: 'idle' });
  const failed = sending.status === 'failed' ? sending.error : undefined;
  const fault = faultOf(failed);

  const change = (next: Draft) => {
    setDraft(next);
    if (sending.status === 'failed') setSending({ status: 'idle' });
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (sending.status === 'busy') return;
    setSending({ status: 'busy' });
    try {
      await changeModel.setPolicy(model.name, policyOf(draft), base);
      onClose();
    } catch (error) {
      setSending({ status: 'failed', error });
    }
  };
  const showAs = (as: Draft['as']) => {
    if (as === draft.as) return;
    try {
      const said = policyOf(draft);
      change(as === 'json' ? { as, text: JSON.stringify(said, null, 2) } : formOf(said));
    } catch (error) {
      setSending({ status: 'failed', error });
    }
  };

  return (
    <form onSubmit={(event) => void save(event)}>
      <Card
        title={policy && !policy.ended ? 'Edit the policy' : 'New policy'}
        actions={
          <div className="segments" role="group" aria-label="Written as">
            {(['form', 'json'] as const).map((as) => (
              <button key={as} type="button" aria-pressed={draft.as === as} onClick={() => showAs(as)}>
                {as === 'form' ? 'Form' : 'JSON'}
              </button>
            ))}
          </div>
        }
      >
        <div className="policy-form">
          {draft.as === 'json' ? (
            <Field label="Policy" hint="aliases, stages and gates, as PUT …/policy takes them.">
              <textarea
                className="policy-json"
                rows={22}
                spellCheck={false}
                value={draft.text}
                onChange={({ target }) => change({ as: 'json', text: target.value })}
              />
            </Field>
          ) : (
            <Form draft={draft} fault={fault} onChange={change} />
          )}
          {failed !== undefined && (draft.as === 'json' || fault?.gate === undefined) && (
            <Failure error={failed} />
          )}
          {policy && policy.version !== base && (
            <p className="row" role="status">
              {policy.author} wrote version {policy.version} meanwhile.
              <button
                type="button"
                onClick={() => {
                  setBase(policy.version);
                  change(formOf(startOf(policy)));
                }}
              >
                Begin again from it
              </button>
            </p>
          )}
          <div className="row">
            <button type="submit" className="primary" disabled={sending.status === 'busy'}>
              Save
            </button>
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          </div>
        </div>
      </Card>
    </form>
  );
}

type FormDraft = Extract<Draft, { as: 'form' }>;
type Fault = {
  /** The place of the gate at fault, from 0. */
  readonly gate?: number;
  /** The input of it, where it is told. */
  readonly field: string;
  readonly message: string;
};
type FormProps = {
  readonly draft: FormDraft;
  readonly fault: Fault | undefined;
  readonly onChange: (draft: Draft) => void;
};

function Form({ draft, fault, onChange }: FormProps) {
  const change = (part: Partial<FormDraft>) => onChange({ ...draft, ...part });
  const taken = draft.gates.map(({ gate }) => gate);
  const offered = (Object.keys(gateTitles) as GateKind[]).filter(
    (gate) => !onePerPolicy.includes(gate) || !taken.includes(gate),
  );
  return (
    <>
      <Field label="Guarded aliases" hint="Separated by commas. Whoever takes one of them passes the gates.">
        <input
          value={draft.aliases}
          aria-invalid={fault?.field.startsWith('aliases') ?? false}
          onChange={({ target }) => change({ aliases: target.value })}
        />
      </Field>
      <fieldset className="policy-stages">
        <legend>Guarded stages</legend>
        {guardable.map((stage) => (
          <label key={stage} className="check">
            <input
              type="checkbox"
              checked={draft.stages.includes(stage)}
              onChange={({ target }) =>
                change({
                  stages: guardable.filter((each) =>
                    each === stage ? target.checked : draft.stages.includes(each),
                  ),
                })
              }
            />
            {stage}
          </label>
        ))}
      </fieldset>
      <h3>Gates</h3>
      {draft.gates.length === 0 && <p className="hint">None: a promotion passes at once.</p>}
      {draft.gates.map((gate, at) => (
        <GateForm
          key={gate.id}
          draft={gate}
          fault={fault?.gate === at ? fault : undefined}
          onChange={(next) => change({ gates: draft.gates.map((each) => (each === gate ? next : each)) })}
          onRemove={() => change({ gates: draft.gates.filter((each) => each !== gate) })}
        />
      ))}
      <div>
        <Menu
          label={
            <>
              <Icon name="plus" size={14} /> Add a gate
            </>
          }
          items={offered.map((gate) => ({
            label: gateTitles[gate],
            onChoose: () => change({ gates: [...draft.gates, newDraft(gate)] }),
          }))}
        />
      </div>
    </>
  );
}

function startOf(policy: Policy | null): PolicyDraft {
  return policy && !policy.ended ? policy : { aliases: ['champion'], stages: [], gates: [] };
}

function formOf({ aliases, stages: guarded, gates }: PolicyDraft): FormDraft {
  return { as: 'form', aliases: aliases.join(', '), stages: guarded, gates: gates.map(draftOf) };
}

/** Throws where a text is no JSON of a policy. */
function policyOf(draft: Draft): PolicyDraft {
  if (draft.as === 'form')
    return { aliases: wordsOf(draft.aliases), stages: draft.stages, gates: draft.gates.map(gateOf) };
  let said: unknown;
  try {
    said = JSON.parse(draft.text);
  } catch (error) {
    throw new Error(`This is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof said !== 'object' || said === null || !isGates((said as PolicyDraft).gates))
    throw new Error('A policy is an object with aliases, stages and gates, each gate with its name.');
  const {
    aliases = [],
    stages: guarded = [],
    gates,
  } = said as Partial<PolicyDraft> & Pick<PolicyDraft, 'gates'>;
  return { aliases, stages: guarded, gates };
}

function isGates(said: unknown): said is Gate[] {
  return (
    Array.isArray(said) &&
    said.every((each: unknown) => Object.hasOwn(gateTitles, String((each as Gate | null)?.gate)))
  );
}

/** Where the server says that the fault is: `gates[2].at_least` is an input of the third gate. */
function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof ApiError) || error.field === undefined) return undefined;
  const [, at, field] = /^gates\W?(\d+)\W*(.*)$/.exec(error.field) ?? [];
  return at === undefined
    ? { field: error.field, message: error.message }
    : { gate: Number(at), field: field ?? '', message: error.message };
}
