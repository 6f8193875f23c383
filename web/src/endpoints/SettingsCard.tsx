import type { Endpoint } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, figure, percent } from '../parts/format.ts';
import { useSession } from '../session/session.ts';
import { span } from './words.ts';

const mebibyte = 1024 * 1024;

const nonFiniteWords = {
  refuse: 'the call fails',
  null: 'null',
  text: 'as text',
} as const;

/** Where an endpoint is asked, and what it was told. */
export function SettingsCard({ endpoint }: { readonly endpoint: Endpoint }) {
  const { name, limits, logging, rollout, sticky, non_finite: nonFinite } = endpoint;
  const origin = useSession().inference_url ?? location.origin;
  const isOurs = endpoint.deployments.some(({ kind }) => kind === 'model');
  return (
    <Card title="Settings">
      <Facts
        of={{
          'MLflow scoring': <Copyable text={`POST ${origin}/endpoints/${name}/invocations`} />,
          // What answers elsewhere takes invocations only.
          'Open Inference': isOurs && <Copyable text={`POST ${origin}/v2/models/${name}/infer`} />,
          'A call may hold': `${counted(limits.rows_max, 'row')}, ${figure(limits.body_bytes_max / mebibyte)} MiB, and take ${figure(limits.timeout_seconds)} s`,
          Logged: `${percent(logging.sample_rate)} of the calls, ${
            logging.durability === 'queue' ? 'in a queue before the answer' : 'some seconds later'
          }`,
          'Callers kept by': sticky
            ? 'header' in sticky
              ? `header ${sticky.header}`
              : `input ${sticky.input}`
            : 'nothing',
          'NaN in answers': nonFinite === null ? 'as the protocol has it' : nonFiniteWords[nonFinite],
          'New versions':
            isOurs &&
            (rollout.plan.length === 1
              ? 'take over at once'
              : `get ${rollout.plan.map((each) => figure(each)).join(', ')} % of the calls${
                  rollout.hold_seconds > 0 ? `, each for ${span(rollout.hold_seconds)} at least` : ''
                }`),
        }}
      />
    </Card>
  );
}
