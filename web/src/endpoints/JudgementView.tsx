import type { GuardResult, Judgement } from '../api/endpoints.ts';
import { Chip } from '../parts/Chip.tsx';
import { figure } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { guardFigure, guardMeanings, guardTitles } from './words.ts';

const verdictTones = { waiting: 'busy', passing: 'good', breached: 'bad' } as const;

/** What the guards found when they last compared the two versions, in words and in figures. */
export function JudgementView({ judgement }: { readonly judgement: Judgement }) {
  const { at, verdict, says } = judgement;
  return (
    <div className="judgement">
      <p>
        <Chip state={verdict} tone={verdictTones[verdict]} /> {says}{' '}
        <span className="hint">
          Judged <Ago at={at} />.
        </span>
      </p>
      {judgement.guards.length > 0 && <GuardTable judgement={judgement} />}
    </div>
  );
}

/** The figures of each guard. */
export function GuardTable({ judgement: { requests, guards } }: { readonly judgement: Judgement }) {
  return (
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
            cell: ({ guard, stable, refused }) => (
              <Share figure={guardFigure(guard, stable)} refused={refused?.stable} />
            ),
          },
          {
            title: `New (${figure(requests.canary)} calls)`,
            numeric: true,
            cell: ({ guard, canary, refused }) => (
              <Share figure={guardFigure(guard, canary)} refused={refused?.canary} />
            ),
          },
          {
            title: 'At most',
            numeric: true,
            cell: ({ guard, limit }) => guardFigure(guard, limit),
          },
          { title: 'Evidence', cell: (guard) => <Evidence of={guard} /> },
          { title: 'Says', cell: (guard) => <Found of={guard} /> },
        ]}
      />
      <p className="hint guards-note">
        Evidence: how many times likelier what was seen is if the new version is worse. Where it reaches its
        limit, that is no chance any more, and the rollout is broken off.
      </p>
    </div>
  );
}

type ShareProps = { readonly figure: string; readonly refused: number | null | undefined };

/** The figure of a guard, and below it what of the errors were mistakes of callers: those come to both versions. */
function Share({ figure: text, refused }: ShareProps) {
  if (!refused) return text;
  return (
    <>
      {text}
      <small className="refused" title="Refused as mistakes of callers, which come to both versions alike">
        of which {guardFigure('errors', refused)} refused
      </small>
    </>
  );
}

type GuardProps = { readonly of: GuardResult };

/** How far the evidence is on its way to its limit; as ratios multiply, by their logarithms. */
function Evidence({ of: { guard, evidence, evidence_limit: limit } }: GuardProps) {
  const share = Math.min(1, Math.max(0, Math.log(evidence) / Math.log(limit)));
  return (
    <span className="evidence">
      <progress max={1} value={share} aria-label={`Evidence of ${guardTitles[guard]}`} />
      <span>
        {evidence > limit ? `over ${figure(limit, 3)}` : `${figure(evidence, 3)} of ${figure(limit, 3)}`}
      </span>
    </span>
  );
}

/** What follows from a guard's figures: more than is allowed may still be chance. */
function Found({ of: { breached, canary, limit } }: GuardProps) {
  if (breached) return <Chip state="worse" tone="bad" />;
  if (canary === null) return <Chip state="no figure" tone="quiet" />;
  if (limit !== null && canary > limit) return <Chip state="may be chance" tone="busy" />;
  return <Chip state="holds" tone="good" />;
}
