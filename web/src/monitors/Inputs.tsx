import type { ReactNode } from 'react';
import type { Fault } from '../endpoints/faults.ts';
import { FaultText } from '../endpoints/FaultText.tsx';

/** Whether what the server found wrong is at a field, or in it. */
export function isAt(fault: Fault | undefined, field: string): boolean {
  if (!fault) return false;
  return fault.field === field || fault.field.startsWith(`${field}.`) || fault.field.startsWith(`${field}[`);
}

type SettingProps = {
  readonly label: string;
  readonly hint?: ReactNode;
  /** As the server calls it. */
  readonly field: string;
  readonly fault: Fault | undefined;
  readonly children: ReactNode;
};

/** An input with its name above, what helps to fill it, and what is wrong with it, below. */
export function Setting({ label, hint, field, fault, children }: SettingProps) {
  return (
    <div className="setting">
      {/* oxlint-disable-next-line jsx-a11y/label-has-associated-control -- the control is the child */}
      <label className="field">
        <span>{label}</span>
        {children}
        {hint !== undefined && <small>{hint}</small>}
      </label>
      {fault && isAt(fault, field) && <FaultText fault={fault} />}
    </div>
  );
}

type NumberSettingProps = Omit<SettingProps, 'children'> & {
  readonly value: string;
  readonly min: number;
  readonly max?: number;
  readonly step?: number;
  /** What holds where it is empty; without it, it must be filled. */
  readonly usual?: string;
  readonly onChange: (text: string) => void;
};

/** A number, kept as it is typed. */
export function NumberSetting({ value, min, max, step, usual, onChange, ...setting }: NumberSettingProps) {
  const { hint, field, fault } = setting;
  const isDefault = usual !== undefined && <>default {usual}</>;
  return (
    <Setting
      {...setting}
      hint={
        hint === undefined ? (
          isDefault
        ) : (
          <>
            {hint}
            {usual !== undefined && <> ({isDefault})</>}
          </>
        )
      }
    >
      <input
        type="number"
        required={usual === undefined}
        min={min}
        max={max}
        step={step ?? 'any'}
        placeholder={usual}
        aria-invalid={isAt(fault, field)}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </Setting>
  );
}
