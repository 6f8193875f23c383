import { SearchField } from '../parts/SearchField.tsx';
import { useSession } from '../session/session.ts';
import type { Filter, FilterName } from './audit.ts';

type AuditFiltersProps = {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Record<FilterName, string>>) => void;
};

const texts: readonly (readonly [FilterName, label: string, placeholder: string])[] = [
  ['actor', 'Who', 'Who: a principal’s id'],
  ['action', 'What', 'What: version.*'],
  ['aggregate', 'On what', 'On what: model/…'],
  ['request_id', 'Request', 'Request id'],
];

/** What the entries are narrowed by. */
export function AuditFilters({ filter, onChange }: AuditFiltersProps) {
  const { is_deployment_admin: seesAll, workspaces } = useSession();
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <search className="audit-filters" aria-label="Filter entries">
      {texts.map(([name, label, placeholder]) => (
        <SearchField
          key={name}
          label={label}
          placeholder={placeholder}
          value={filter[name] ?? ''}
          onChange={(value) => onChange({ [name]: value.trim() })}
        />
      ))}
      <select
        aria-label="Outcome"
        value={filter.outcome ?? ''}
        onChange={({ target }) => onChange({ outcome: target.value })}
      >
        <option value="">Done and denied</option>
        <option value="done">Done</option>
        <option value="denied">Denied</option>
      </select>
      {seesAll && (
        <select
          aria-label="Workspace"
          value={filter.workspace ?? ''}
          onChange={({ target }) => onChange({ workspace: target.value })}
        >
          <option value="">Every workspace</option>
          <option value="*">What is about all of them</option>
          {workspaces.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      {(['from', 'to'] as const).map((end) => (
        <label key={end} className="audit-time">
          <span>{end === 'from' ? 'From' : 'Before'}</span>
          <input
            type="datetime-local"
            value={localTime(filter[end])}
            onChange={({ target }) =>
              onChange({ [end]: target.value === '' ? '' : String(new Date(target.value).getTime()) })
            }
          />
        </label>
      ))}
      {isFiltered && (
        <button
          type="button"
          className="quiet"
          onClick={() => onChange(Object.fromEntries(Object.keys(filter).map((name) => [name, ''])))}
        >
          Clear
        </button>
      )}
    </search>
  );
}

/** A time in milliseconds as a field takes it, where the reader is. */
function localTime(milliseconds: string | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(Number(milliseconds))) return '';
  const at = new Date(Number(milliseconds));
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
