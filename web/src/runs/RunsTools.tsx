import type { RunColumns } from '../api/runRows.ts';
import { Icon } from '../parts/Icon.tsx';
import { refreshRuns } from './actions.ts';
import { ColumnPicker } from './ColumnPicker.tsx';
import type { Column } from './columns.ts';
import { FilterBox } from './FilterBox.tsx';
import { GroupSelect } from './GroupSelect.tsx';
import { refreshedPagesMax } from './queries.ts';

export const refreshMilliseconds = 5000;
export const viewNames = ['active', 'deleted', 'all'] as const;
export type ViewName = (typeof viewNames)[number];

const viewLabels: Readonly<Record<ViewName, string>> = { active: 'Active', deleted: 'Deleted', all: 'All' };

type RunsToolsProps = {
  readonly filter: string;
  readonly filterError: unknown;
  readonly viewName: ViewName;
  readonly group: string;
  readonly live: boolean;
  readonly known: RunColumns;
  readonly columns: readonly Column[];
  readonly onFilter: (filter: string) => void;
  readonly onView: (view: ViewName) => void;
  readonly onGroup: (group: string) => void;
  readonly onColumns: (ids: readonly string[]) => void;
  readonly onLive: (live: boolean) => void;
  readonly onCsv: () => void;
};

/** What decides which runs the table shows, and how. */
export function RunsTools(props: RunsToolsProps) {
  const { filter, filterError, viewName, group, live, known, columns } = props;
  return (
    <div className="runs-tools">
      <FilterBox value={filter} known={known} error={filterError} onChange={props.onFilter} />
      <div className="segments" role="group" aria-label="Which runs">
        {viewNames.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={viewName === each}
            onClick={() => props.onView(each)}
          >
            {viewLabels[each]}
          </button>
        ))}
      </div>
      <GroupSelect known={known} value={group} onChange={props.onGroup} />
      <ColumnPicker known={known} columns={columns} onChange={props.onColumns} />
      <button type="button" title="Download as CSV" onClick={props.onCsv}>
        <Icon name="download" /> CSV
      </button>
      <span className="segments" role="group" aria-label="Refresh">
        <button type="button" aria-label="Refresh now" title="Refresh now" onClick={() => void refreshRuns()}>
          <Icon name="refresh" />
        </button>
        <button
          type="button"
          aria-pressed={live}
          title={`Look for changes every ${refreshMilliseconds / 1000} seconds, while at most ${refreshedPagesMax} pages have come`}
          onClick={() => props.onLive(!live)}
        >
          Auto
        </button>
      </span>
    </div>
  );
}
