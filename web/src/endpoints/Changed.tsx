type ChangedProps = {
  /** What was written here goes; what another wrote is shown. */
  readonly onReplace: () => void;
  /** What was written here stays, and replaces it when it is saved. */
  readonly onKeep: () => void;
};

/** The ways out where another has changed a thing while it was edited here. */
export function Changed({ onReplace, onKeep }: ChangedProps) {
  return (
    <div className="row" role="group" aria-label="Ways out">
      <button type="button" onClick={onReplace}>
        Begin again from theirs
      </button>
      <button type="button" onClick={onKeep}>
        Keep mine, to save over theirs
      </button>
    </div>
  );
}
