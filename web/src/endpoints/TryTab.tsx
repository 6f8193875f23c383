import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Field } from '../parts/Dialog.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import type { Answer } from './answer.ts';
import { AnswerCard } from './AnswerCard.tsx';
import { call } from './call.ts';
import { exampleQuery } from './queries.ts';
import { fieldIn, fieldsOf } from './try.ts';
import { TryForm } from './TryForm.tsx';

/** What came of the last call. */
export type Asked =
  | { readonly status: 'none' | 'busy' }
  | { readonly status: 'answered'; readonly answer: Answer }
  | { readonly status: 'failed'; readonly error: unknown };

/** Where nothing is known of what is taken. */
const blank = '{\n  "inputs": []\n}';

/** A call from the page: a form by the model's own inputs, and what is answered. */
export function TryTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const [deployment, setDeployment] = useState('');
  const [asked, setAsked] = useState<Asked>({ status: 'none' });
  // What a server elsewhere takes is not known here.
  const isKnown = endpoint.deployments.some(
    ({ kind, name }) => kind === 'model' && (deployment === '' || deployment === name),
  );
  const example = useQuery({ ...exampleQuery(endpoint.name, deployment), enabled: isKnown });
  const fields = example.data ? fieldsOf(example.data.example, example.data.request) : [];
  const send = async (body: string) => {
    setAsked({ status: 'busy' });
    try {
      setAsked({ status: 'answered', answer: await call(endpoint.name, deployment, body) });
    } catch (error) {
      setAsked({ status: 'failed', error });
    }
  };
  const failed = asked.status === 'failed' ? asked.error : undefined;
  const at = failed instanceof Error ? fieldIn(failed.message, fields) : undefined;
  const fault = at !== undefined && failed instanceof Error ? { id: at, message: failed.message } : undefined;
  return (
    <div className="trying">
      <Card title="Call">
        <div className="try-form">
          <Field label="Answered by">
            <select
              value={deployment}
              onChange={({ target }) => {
                setDeployment(target.value);
                setAsked({ status: 'none' });
              }}
            >
              <option value="">the one that the traffic falls to</option>
              {endpoint.deployments.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          {example.data ? (
            <>
              <p className="hint">
                {example.data.example.source === 'logged'
                  ? 'It begins with the input example that the model was logged with.'
                  : 'It begins with values made by type.'}
              </p>
              <TryForm
                key={`${deployment} ${example.data.example.version}`}
                fields={fields}
                body={JSON.stringify(example.data.example.invocations, null, 2)}
                fault={fault}
                isBusy={asked.status === 'busy'}
                onSend={send}
              />
            </>
          ) : !isKnown ? (
            <>
              <p className="hint">It is answered elsewhere: what is taken there is not known here.</p>
              <TryForm
                key={deployment}
                fields={[]}
                body={blank}
                fault={undefined}
                isBusy={asked.status === 'busy'}
                onSend={send}
              />
            </>
          ) : example.error ? (
            <Failure error={example.error} onRetry={() => void example.refetch()} />
          ) : (
            <Skeleton lines={4} />
          )}
        </div>
      </Card>
      <AnswerCard endpoint={endpoint.name} asked={asked} />
    </div>
  );
}
