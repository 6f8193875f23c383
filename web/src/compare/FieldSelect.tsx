import { useId } from 'react';
import type { Dimension } from '../charts/dimensions.ts';
import { rampColor } from '../charts/colors.ts';
import { tickLabels } from '../charts/labels.ts';
import { useTheme } from '../app/theme.ts';
import type { Field } from './differences.ts';

type FieldSelectProps = {
  readonly label: string;
  readonly fields: readonly Field[];
  readonly value: string | undefined;
  /** What the first choice says that is none of the fields; there is none without it. */
  readonly none?: string;
  readonly onChange: (id: string | undefined) => void;
};

/** One of the params and metrics. */
export function FieldSelect({ label, fields, value, none, onChange }: FieldSelectProps) {
  const id = useId();
  const group = (title: string, prefix: string) => {
    const within = fields.filter((field) => field.id.startsWith(prefix));
    return (
      within.length > 0 && (
        <optgroup label={title}>
          {within.map(({ id: field, label: name }) => (
            <option key={field} value={field}>
              {name}
            </option>
          ))}
        </optgroup>
      )
    );
  };
  return (
    <span className="field-select">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value ?? ''} onChange={({ target }) => onChange(target.value || undefined)}>
        {none !== undefined && <option value="">{none}</option>}
        {group('Metrics', 'metrics.')}
        {group('Params', 'params.')}
      </select>
    </span>
  );
}

const rampSteps = 24;

/** Which colour is which value. */
export function Ramp({ dimension }: { readonly dimension: Dimension }) {
  const theme = useTheme();
  const [low, high] =
    dimension.kind === 'numbers'
      ? tickLabels([dimension.scale.low, dimension.scale.high])
      : [dimension.levels[0] ?? '', dimension.levels.at(-1) ?? ''];
  return (
    <span className="ramp">
      <span>{low}</span>
      <svg width="120" height="10" aria-hidden="true">
        {Array.from({ length: rampSteps }, (_, at) => (
          <rect
            key={at}
            x={(120 * at) / rampSteps}
            width={120 / rampSteps + 1}
            height="10"
            fill={rampColor(at / (rampSteps - 1), theme)}
          />
        ))}
      </svg>
      <span>{high}</span>
    </span>
  );
}
