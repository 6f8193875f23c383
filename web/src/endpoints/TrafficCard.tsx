import { useState } from 'react';
import type { Endpoint } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Failure } from '../parts/Failure.tsx';
import { figure } from '../parts/format.ts';
import { useMay } from '../session/may.tsx';
import { ChangedMeanwhile, changeEndpoint } from './actions.ts';
import { Changed } from './Changed.tsx';
import { faultOf, type ShareText, sharesOf } from './traffic.ts';
import { TrafficBar } from './TrafficBar.tsx';
import { TrafficSliders } from './TrafficSliders.tsx';

type Sending = { readonly status: 'idle' | 'busy' } | { readonly status: 'failed'; readonly error: unknown };

/** Who gets how many of the calls, to be moved where they stand. */
export function TrafficCard({ endpoint }: { readonly endpoint: Endpoint }) {
  const mayChange = useMay('operator');
  // The endpoint as it was when the reader began to move: what another has changed since is not overwritten.
  const [draft, setDraft] = useState<{ readonly base: Endpoint; readonly shares: readonly ShareText[] }>();
  const [sending, setSending] = useState<Sending>({ status: 'idle' });
  const shares = draft?.shares ?? textsOf(endpoint);
  const forget = () => {
    setDraft(undefined);
    setSending({ status: 'idle' });
  };
  const save = async () => {
    if (!draft || sending.status === 'busy') return;
    setSending({ status: 'busy' });
    try {
      await changeEndpoint.update(draft.base, { traffic: sharesOf(draft.shares) });
      forget();
    } catch (error) {
      setSending({ status: 'failed', error });
    }
  };
  return (
    <Card title="Traffic">
      {mayChange ? (
        <form
          className="traffic-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <TrafficSliders
            shares={shares}
            onChange={(next) => {
              setDraft({ base: draft?.base ?? endpoint, shares: next });
              if (sending.status === 'failed') setSending({ status: 'idle' });
            }}
          />
          {sending.status === 'failed' && <Failure error={sending.error} />}
          {draft && sending.status === 'failed' && sending.error instanceof ChangedMeanwhile && (
            <Changed
              onReplace={forget}
              onKeep={() => {
                setDraft({ base: endpoint, shares: fitted(draft.shares, endpoint) });
                setSending({ status: 'idle' });
              }}
            />
          )}
          {draft && (
            <div className="row">
              <button
                type="submit"
                className="primary"
                disabled={sending.status === 'busy' || faultOf(shares) !== undefined}
              >
                Save
              </button>
              <button type="button" onClick={forget}>
                Cancel
              </button>
            </div>
          )}
        </form>
      ) : (
        <ReadOnly endpoint={endpoint} />
      )}
    </Card>
  );
}

function ReadOnly({ endpoint }: { readonly endpoint: Endpoint }) {
  return (
    <>
      <TrafficBar endpoint={endpoint} />
      <ul className="share-words">
        {endpoint.deployments.map(({ name }, at) => (
          <li key={name}>
            <i className={`series-dot series-${(at % 8) + 1}`} aria-hidden="true" /> {name}{' '}
            <b>{figure(endpoint.traffic[name] ?? 0)} %</b>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What was written, for the deployments that there are now. */
function fitted(shares: readonly ShareText[], endpoint: Endpoint): ShareText[] {
  return textsOf(endpoint).map((now) => shares.find(({ name }) => name === now.name) ?? now);
}

function textsOf({ deployments, traffic, mirror }: Endpoint): ShareText[] {
  return deployments.map(({ name }) => ({
    name,
    text: String(traffic[name] ?? 0),
    isFixed: (mirror[name] ?? 0) > 0,
  }));
}
