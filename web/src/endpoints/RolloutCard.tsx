import { useState } from 'react';
import type { ModelDeployment, Rollout } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { JudgementView } from './JudgementView.tsx';
import { Progress } from './Progress.tsx';
import { RolloutDialog } from './RolloutDialog.tsx';
import { secondsSince } from './words.ts';

type RolloutCardProps = {
  readonly endpoint: string;
  readonly deployment: ModelDeployment;
  readonly rollout: Rollout;
};

/** A version on its way in: where it stands, what was found so far, and how to end it. */
export function RolloutCard({ endpoint, deployment, rollout }: RolloutCardProps) {
  const [asked, setAsked] = useState<'finish' | 'stop'>();
  const { name, model, alias } = deployment;
  const { from, to, judged } = rollout;
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
        <Needs rollout={rollout} />
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

/** What has to be there before the step is over, and how much of it is. */
function Needs({ rollout }: { readonly rollout: Rollout }) {
  const { from, to, since, policy, judged, percent } = rollout;
  const { hold_seconds: hold, guards } = policy;
  // What was found at the end of the step before does not count for this one.
  const requests = judged && judged.at > since ? judged.requests : { stable: 0, canary: 0 };
  const minutes = (seconds: number) => figure(Math.floor(seconds / 6) / 10);
  const held = Math.min(hold, secondsSince(since));
  return (
    <div className="needs" role="group" aria-label={`The step of ${figure(percent)} %`}>
      <p className="hint">
        The step of {figure(percent)} % began <Ago at={since} />. It lasts until this is there:
      </p>
      {hold > 0 && (
        <Progress name="Time" of={hold} is={held} says={`${minutes(held)} of ${minutes(hold)} min`} />
      )}
      {(
        [
          [to.version, requests.canary],
          [from.version, requests.stable],
        ] as const
      ).map(([version, calls]) => (
        <Progress
          key={version}
          name={`Calls of version ${version}`}
          of={guards.requests_min}
          is={calls}
          says={`${figure(calls)} of ${figure(guards.requests_min)}`}
        />
      ))}
    </div>
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
