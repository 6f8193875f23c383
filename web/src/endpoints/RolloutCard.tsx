import { useState } from 'react';
import type { ModelDeployment, Rollout } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { JudgementView } from './JudgementView.tsx';
import { RolloutDialog } from './RolloutDialog.tsx';
import { span } from './words.ts';

type RolloutCardProps = {
  readonly endpoint: string;
  readonly deployment: ModelDeployment;
  readonly rollout: Rollout;
};

/** A version on its way in: where it stands, what was found so far, and how to end it. */
export function RolloutCard({ endpoint, deployment, rollout }: RolloutCardProps) {
  const [asked, setAsked] = useState<'finish' | 'stop'>();
  const { name, model, alias } = deployment;
  const { from, to, since, policy, judged } = rollout;
  return (
    <Card
      title={`Rollout of ${name}`}
      actions={
        <May needs="operator">
          <button type="button" onClick={() => setAsked('stop')}>
            Stop
          </button>
          <button type="button" onClick={() => setAsked('finish')}>
            Finish now
          </button>
        </May>
      }
    >
      <div className="rollout">
        <p className="in-text">
          <a href={links.version(model, to.version)}>Version {to.version}</a> takes over from{' '}
          <a href={links.version(model, from.version)}>version {from.version}</a>
          {alias === undefined ? '' : `, since ${alias} moved`} <Ago at={rollout.started_at} />.
        </p>
        <Steps rollout={rollout} />
        <p className="hint">
          The step of {figure(rollout.percent)} % began <Ago at={since} />. It lasts{' '}
          {policy.hold_seconds > 0 && `${span(policy.hold_seconds)} at least, and `}until each version has
          answered {figure(policy.guards.requests_min)} calls.
        </p>
        {judged ? (
          <JudgementView judgement={judged} />
        ) : (
          <p className="hint">Nothing has been judged yet; that is done each minute.</p>
        )}
      </div>
      {asked && (
        <RolloutDialog
          endpoint={endpoint}
          deployment={deployment}
          rollout={rollout}
          how={asked}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Card>
  );
}

/** The plan: what is behind, where it stands, what is to come. */
function Steps({ rollout: { policy, step } }: { readonly rollout: Rollout }) {
  return (
    <ol className="steps" aria-label="Plan">
      {policy.plan.map((percent, at) => (
        <li
          key={percent}
          className={at < step ? 'done' : at === step ? 'now' : undefined}
          aria-current={at === step ? 'step' : undefined}
        >
          {figure(percent)} %
        </li>
      ))}
    </ol>
  );
}
