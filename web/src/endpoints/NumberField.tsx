import { Field } from '../parts/Dialog.tsx';

type NumberFieldProps = {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly min: number;
  readonly max?: number;
  /** Any number unless told. */
  readonly step?: number;
  readonly isOptional?: boolean;
  readonly onChange: (text: string) => void;
};

/** A field for a number; what is typed is kept as it is typed. */
export function NumberField({ label, hint, value, min, max, step, isOptional, onChange }: NumberFieldProps) {
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        type="number"
        required={!isOptional}
        min={min}
        max={max}
        step={step ?? 'any'}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </Field>
  );
}
