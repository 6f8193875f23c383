type ShareProps = {
  readonly value: number;
  readonly max: number;
  /** Whether to reach `max` is no good news. */
  readonly isLimit?: boolean;
};

/** How much of something a value is, as a bar; the figure stands beside it. */
export function Share({ value, max, isLimit = false }: ShareProps) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <svg
      className={isLimit && value >= max ? 'share over' : 'share'}
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="track" width="100" height="8" rx="2" />
      {share > 0 && <rect width={Math.max(1, share * 100)} height="8" rx="2" />}
    </svg>
  );
}
