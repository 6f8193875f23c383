import type { RunColumns } from '../api/runRows.ts';

type GroupSelectProps = {
  readonly known: RunColumns;
  /** The id of the column by whose values runs are grouped; none where it is empty. */
  readonly value: string;
  readonly onChange: (group: string) => void;
};

export function GroupSelect({ known, value, onChange }: GroupSelectProps) {
  const groups = [
    ['Params', 'params', known.params],
    ['Tags', 'tags', known.tags],
  ] as const;
  const isKnown =
    value === '' ||
    value.startsWith('attributes.') ||
    groups.some(([, kind, keys]) => keys.some((key) => value === `${kind}.${key}`));
  return (
    <select
      className="group-select"
      aria-label="Group runs by"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">No groups</option>
      <option value="attributes.status">Group by status</option>
      <option value="attributes.datasets">Group by dataset</option>
      {!isKnown && <option value={value}>Group by {value}</option>}
      {groups.map(
        ([title, kind, keys]) =>
          keys.length > 0 && (
            <optgroup key={kind} label={title}>
              {keys.map((key) => (
                <option key={key} value={`${kind}.${key}`}>
                  Group by {key}
                </option>
              ))}
            </optgroup>
          ),
      )}
    </select>
  );
}
