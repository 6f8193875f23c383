import type { EndedRollout, ModelDeployment } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { duration } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { GuardTable } from './JudgementView.tsx';
import { outcomeWords } from './words.ts';

type LastRolloutProps = { readonly deployment: ModelDeployment; readonly ended: EndedRollout };

const tones = { finished: 'good', 'rolled-back': 'bad', stopped: 'quiet', superseded: 'quiet' } as const;

/** What came of the last rollout of a deployment, and why. */
export function LastRollout({ deployment: { name, model }, ended }: LastRolloutProps) {
  const { from, to, outcome, reason, judged } = ended;
  return (
    <Card title={`Last rollout of ${name}`} actions={<Chip state={outcome} tone={tones[outcome]} />}>
      <div className="rollout">
        <p className="in-text">
          <a href={links.version(model, to.version)}>Version {to.version}</a>, which was to follow{' '}
          <a href={links.version(model, from.version)}>version {from.version}</a>, {outcomeWords[outcome]}{' '}
          <Ago at={ended.ended_at} />, after {duration(ended.ended_at - ended.started_at)}.
        </p>
        {reason !== '' && <p className="note">{reason}</p>}
        {judged && judged.guards.length > 0 && (
          <details>
            <summary>What the guards had found</summary>
            <GuardTable judgement={judged} />
          </details>
        )}
      </div>
    </Card>
  );
}
