import { Field } from '../parts/Dialog.tsx';
import { planFault } from './draft-faults.ts';
import { FaultText } from './FaultText.tsx';
import { NumberField } from './NumberField.tsx';
import { Section } from './Section.tsx';
import type { PartProps } from './SettingsForm.tsx';

/** How a new version takes over when the alias moves. */
export function RolloutForm({ draft, fault, onChange }: PartProps) {
  const isAtFault = fault?.field.startsWith('rollout') ?? false;
  const plan = planFault(draft.plan);
  return (
    <Section
      title="Rollout"
      says={draft.plan.trim() === '100' ? 'at once' : `${draft.plan} %, ${draft.holdMinutes} min each`}
      isOpen={isAtFault}
    >
      <p className="hint">
        When an alias moves, the new version first gets a few of the calls, and then more, step by step. After
        each look the guards compare it with the version before. If it does worse, that one gets all calls
        back, and the alias, too.
      </p>
      <div className="pair">
        <Field label="Percent at each step" hint="100 alone: the new version takes over at once.">
          <input
            required
            autoComplete="off"
            aria-invalid={plan !== undefined}
            value={draft.plan}
            onChange={({ target }) => onChange({ plan: target.value })}
          />
        </Field>
        <NumberField
          label="Minutes of a step"
          hint="At least."
          value={draft.holdMinutes}
          min={0}
          max={10_080}
          onChange={(holdMinutes) => onChange({ holdMinutes })}
        />
      </div>
      {plan !== undefined && <FaultText fault={{ message: plan }} />}
      <h3>Guards</h3>
      <div className="pair">
        <NumberField
          label="Calls needed"
          hint="Of each version, before anything is judged; until then the step goes on."
          value={draft.requestsMin}
          min={1}
          step={1}
          onChange={(requestsMin) => onChange({ requestsMin })}
        />
        <NumberField
          label="Chance of a false alarm"
          hint="That a version as good as the one before is broken off, over the whole rollout."
          value={draft.alpha}
          min={0.000001}
          max={0.999}
          onChange={(alpha) => onChange({ alpha })}
        />
      </div>
      <div className="trio">
        <NumberField
          label="Errors, at most"
          hint="Times as often as before."
          value={draft.errorRatioMax}
          min={1}
          onChange={(errorRatioMax) => onChange({ errorRatioMax })}
        />
        <NumberField
          label="p95 latency, at most"
          hint="Times as long as before."
          value={draft.latencyRatioMax}
          min={1}
          onChange={(latencyRatioMax) => onChange({ latencyRatioMax })}
        />
        <NumberField
          label="Distance of scores"
          hint="0 to 1; empty: not compared."
          isOptional
          value={draft.scoreDistanceMax}
          min={0.001}
          max={1}
          onChange={(scoreDistanceMax) => onChange({ scoreDistanceMax })}
        />
      </div>
      {isAtFault && fault && <FaultText fault={fault} />}
    </Section>
  );
}
