import type { BatchProgress } from '../api/batch.ts';
import { Card } from '../parts/Card.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, duration, figure, percent } from '../parts/format.ts';
import { knownRows, speedText } from './words.ts';

type ProgressCardProps = { readonly progress: BatchProgress; readonly isMoving: boolean };

/** How far a job is, how fast it goes, and when it will be done. */
export function ProgressCard({ progress, isMoving }: ProgressCardProps) {
  const { rows, chunks, rows_per_second: rate, eta_seconds: left, workers } = progress;
  const perSecond = rate.recent ?? rate.overall;
  const total = knownRows(progress);
  const isScored = progress.complete && chunks.done === chunks.total;
  return (
    <Card title="Progress">
      <div className="job-progress">
        {total === undefined ? (
          // Without a value it only says that something moves.
          <progress aria-label="Rows scored" {...(isMoving ? {} : { value: 0 })} />
        ) : (
          <progress aria-label="Rows scored" max={total} value={rows.done} />
        )}
        <span className="steady">{total === undefined ? '' : percent(rows.done / total)}</span>
      </div>
      <Facts
        of={{
          Rows:
            total === undefined ? `${figure(rows.done)} so far` : `${figure(rows.done)} of ${figure(total)}`,
          'Bad rows': figure(rows.bad),
          Chunks: chunks.total === 0 ? 'not known yet' : `${figure(chunks.done)} of ${figure(chunks.total)}`,
          'Chunks failed': chunks.failed > 0 && figure(chunks.failed),
          Speed: !!perSecond && speedText(perSecond),
          'Done in': isMoving && (isScored ? 'a moment: the output is put in place' : leftText(left)),
          'At work': isMoving && !isScored && (workers === 0 ? 'nobody yet' : counted(workers, 'worker')),
        }}
      />
    </Card>
  );
}

/** A guess, so without tenths of a second. */
function leftText(seconds: number | null): string {
  if (seconds === null) return 'not known yet';
  return seconds < 60 ? `about ${Math.max(1, Math.round(seconds))} s` : `about ${duration(seconds * 1000)}`;
}
