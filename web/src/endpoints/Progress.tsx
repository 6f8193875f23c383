type ProgressProps = {
  readonly name: string;
  readonly of: number;
  readonly is: number;
  /** The two in words. */
  readonly says: string;
};

/** A line that fills: what it is of, how far it is, and the figures. */
export function Progress({ name, of, is, says }: ProgressProps) {
  return (
    <div className="progress-line">
      <span>{name}</span>
      <progress max={of} value={Math.min(is, of)} aria-label={name} />
      <span className="steady">{says}</span>
    </div>
  );
}
