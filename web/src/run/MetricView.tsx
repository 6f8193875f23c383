import { useEffect, useId, useRef } from 'react';
import type { Run } from '../api/types.ts';
import { ChartControls } from '../charts/ChartControls.tsx';
import { valueText } from '../charts/labels.ts';
import type { Axis } from '../charts/points.ts';
import type { ChartSettings } from '../charts/settings.ts';
import { Icon } from '../parts/Icon.tsx';
import { Moment } from '../parts/Time.tsx';
import { latestOf, useHistories } from './history.ts';
import { RunCurve } from './MetricCard.tsx';
import { RowList } from '../parts/RowList.tsx';

const heightPixels = 340;

type MetricViewProps = {
  readonly run: Run;
  readonly metricKey: string;
  readonly axis: Axis;
  readonly settings: ChartSettings;
  readonly onClose: () => void;
};

/** One metric, large, over the page: its curve and the points it is made of. */
export function MetricView({ run, metricKey, axis, settings, onClose }: MetricViewProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const metric = latestOf(run, metricKey);
  const { points } = useHistories(metricKey, [run]);
  const known = points.get(run.info.run_id) ?? [];
  return (
    <dialog
      ref={element}
      className="metric-view"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="metric-view-head">
        <h2 id={titleId}>{metricKey}</h2>
        <button type="button" className="quiet" aria-label="Close" title="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {metric ? (
        <div className="metric-view-body">
          <ChartControls settings={settings} axis={axis} />
          <RunCurve run={run} metric={metric} axis={axis} settings={settings} height={heightPixels} />
          <RowList
            title="Points"
            rows={known.map((point, at) => ({ ...point, at }))}
            rowKey={({ at }) => String(at)}
            rowText={({ step }) => String(step)}
            none="None."
            columns={[
              { title: 'Step', cell: ({ step }) => valueText(step) },
              {
                title: 'Value',
                numeric: true,
                cell: ({ value }) => <span title={String(value)}>{valueText(value)}</span>,
              },
              {
                title: 'Time',
                width: '13rem',
                numeric: true,
                cell: ({ timestamp }) => <Moment at={timestamp} />,
              },
            ]}
          />
        </div>
      ) : (
        <p className="hint">This run has no metric of this name.</p>
      )}
    </dialog>
  );
}
