import type { Judgement } from '../api/endpoints.ts';
import { Chip } from '../parts/Chip.tsx';
import { figure } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { guardFigure, guardMeanings, guardTitles } from './words.ts';

const verdictTones = { waiting: 'busy', passing: 'good', breached: 'bad' } as const;

/** What the guards found when they last compared the two versions, in words and in figures. */
export function JudgementView({ judgement }: { readonly judgement: Judgement }) {
  const { at, verdict, says, requests, guards } = judgement;
  return (
    <div className="judgement">
      <p>
        <Chip state={verdict} tone={verdictTones[verdict]} /> {says}{' '}
        <span className="hint">
          Judged <Ago at={at} />.
        </span>
      </p>
      {guards.length > 0 && (
        <div className="guards">
          <Table
            label="Guards"
            rows={guards}
            rowKey={({ guard }) => guard}
            columns={[
              {
                title: 'Guard',
                cell: ({ guard }) => <span title={guardMeanings[guard]}>{guardTitles[guard]}</span>,
              },
              {
                title: `Before (${figure(requests.stable)} calls)`,
                numeric: true,
                cell: ({ guard, stable }) => guardFigure(guard, stable),
              },
              {
                title: `New (${figure(requests.canary)} calls)`,
                numeric: true,
                cell: ({ guard, canary }) => guardFigure(guard, canary),
              },
              {
                title: 'At most',
                numeric: true,
                cell: ({ guard, limit }) => guardFigure(guard, limit),
              },
              {
                title: (
                  <span title="How many times likelier what was seen is if the new version is worse">
                    Evidence
                  </span>
                ),
                id: 'evidence',
                numeric: true,
                cell: ({ evidence }) => `${figure(evidence, 3)} ×`,
              },
              {
                title: 'Says',
                cell: ({ breached }) => (
                  <Chip state={breached ? 'worse' : 'holds'} tone={breached ? 'bad' : 'good'} />
                ),
              },
            ]}
          />
        </div>
      )}
    </div>
  );
}
