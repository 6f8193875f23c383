import type { ReactNode } from 'react';

type SectionProps = {
  readonly title: string;
  /** What stands in it now, in a few words. */
  readonly says: string;
  /** Whether something in it has to be put right. */
  readonly isOpen: boolean;
  readonly children: ReactNode;
};

/** A part of a long form that most leave as it is. It opens by itself where an input in it is not filled well. */
export function Section({ title, says, isOpen, children }: SectionProps) {
  return (
    <details
      className="form-section"
      open={isOpen}
      onInvalidCapture={({ currentTarget }) => {
        currentTarget.open = true;
      }}
    >
      <summary>
        <span>{title}</span> <span className="hint">{says}</span>
      </summary>
      <div className="form-section-body">{children}</div>
    </details>
  );
}
