import { Section } from '../endpoints/Section.tsx';
import { FaultText } from '../endpoints/FaultText.tsx';
import type { Fault } from '../endpoints/faults.ts';
import { type SignalDraft, type ThresholdDraft, thresholdModes, usual } from './draft.ts';
import type { PartProps } from './EditDialog.tsx';
import { heading } from './figures.ts';
import { isAt } from './Inputs.tsx';
import { metrics, severities, signalMeanings, type SignalName, signals } from './words.ts';

/** Each signal: whether it is watched, how bad a breach is, and the bounds of its figures. */
export function SignalsForm({ draft, fault, onChange }: PartProps) {
  return signals.map((name) => {
    const set = (changes: Partial<SignalDraft>) =>
      onChange({ signals: { ...draft.signals, [name]: { ...draft.signals[name], ...changes } } });
    return <SignalForm key={name} name={name} signal={draft.signals[name]} fault={fault} onChange={set} />;
  });
}

type SignalFormProps = {
  readonly name: SignalName;
  readonly signal: SignalDraft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<SignalDraft>) => void;
};

function SignalForm({ name, signal, fault, onChange }: SignalFormProps) {
  const { enabled, severity, thresholds } = signal;
  const field = `signals.${name}`;
  const set = Object.values(thresholds).filter(({ mode }) => mode !== 'usual').length;
  return (
    <Section
      title={heading(name)}
      says={
        enabled ? `${severity}, ${set === 0 ? 'usual bounds' : `${set} of its bounds set`}` : 'not watched'
      }
      isOpen={isAt(fault, field)}
    >
      <p className="hint">{signalMeanings[name]}</p>
      <div className="row">
        <label className="check">
          <input
            type="checkbox"
            checked={enabled}
            onChange={({ target }) => onChange({ enabled: target.checked })}
          />
          Watched
        </label>
        <label className="check">
          A breach is
          <select
            aria-label={`Severity of ${name.replaceAll('-', ' ')}`}
            value={severity}
            onChange={({ target }) => onChange({ severity: target.value })}
          >
            {severities.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      {Object.entries(thresholds).map(([metric, threshold]) => (
        <ThresholdForm
          key={metric}
          signal={name}
          metric={metric}
          threshold={threshold}
          fault={fault}
          onChange={(changes) =>
            onChange({ thresholds: { ...thresholds, [metric]: { ...threshold, ...changes } } })
          }
        />
      ))}
      {fault && (fault.field === field || isAt(fault, `${field}.severity`)) && <FaultText fault={fault} />}
    </Section>
  );
}

const modeTitles: Readonly<Record<ThresholdDraft['mode'], string>> = {
  usual: 'as usual',
  given: 'given',
  learnt: 'learnt',
};

type ThresholdFormProps = {
  readonly signal: SignalName;
  readonly metric: string;
  readonly threshold: ThresholdDraft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<ThresholdDraft>) => void;
};

function ThresholdForm({ signal, metric, threshold, fault, onChange }: ThresholdFormProps) {
  const { mode } = threshold;
  const words = metrics[signal][metric];
  const name = metric.replaceAll('-', ' ');
  const field = `signals.${signal}.thresholds.${metric}`;
  const isWrong = isAt(fault, field);
  const input = (key: 'lower' | 'upper' | 'sigmas' | 'windows', label: string, more: object) => (
    <label className="check">
      {label}
      <input
        type="number"
        step="any"
        aria-label={`${name}: ${label}`}
        aria-invalid={isWrong}
        value={threshold[key]}
        onChange={({ target }) => onChange({ [key]: target.value })}
        {...more}
      />
    </label>
  );
  return (
    <div className="threshold">
      <span className="threshold-name">{name}</span>
      <select
        aria-label={`Bounds of ${name} of ${signal.replaceAll('-', ' ')}`}
        value={mode}
        onChange={({ target }) => onChange({ mode: target.value as ThresholdDraft['mode'] })}
      >
        {thresholdModes
          .filter((each) => each !== 'learnt' || words?.isLearnt)
          .map((each) => (
            <option key={each} value={each}>
              {modeTitles[each]}
            </option>
          ))}
      </select>
      <div className="threshold-inputs">
        {mode === 'usual' && <span className="hint">{words?.usual}</span>}
        {mode === 'given' && (
          <>
            {input('lower', 'at least', {})}
            {input('upper', 'at most', {})}
          </>
        )}
        {mode === 'learnt' && (
          <>
            {input('sigmas', '± deviations', { min: 0.1, max: 20, placeholder: usual.sigmas })}
            {input('windows', 'of windows, at least', {
              min: 5,
              max: 90,
              step: 1,
              placeholder: usual.windows,
            })}
          </>
        )}
      </div>
      {isWrong && fault && <FaultText fault={fault} />}
    </div>
  );
}
