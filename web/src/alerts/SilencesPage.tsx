import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Silence, silenceStates } from '../api/alerts.ts';
import { Chip, type Tone } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { changeSilences } from './actions.ts';
import { firingQuery, silencesQuery } from './queries.ts';
import { SilenceDialog } from './SilenceDialog.tsx';
import { matches, useMaySilence } from './silencing.ts';
import { silenceWords } from './words.tsx';
import './alerts.css';

const states = ['all', ...silenceStates] as const;
const tones: Readonly<Record<Silence['state'], Tone>> = {
  active: 'busy',
  pending: 'quiet',
  expired: 'quiet',
};

/** What is not told for a while, by whom and why; to make one, and to end one. */
export function SilencesPage() {
  const [params, change] = useParamState();
  const [isAsked, setAsked] = useState(false);
  const { all, monitors } = useMaySilence();
  const state = oneOf(states, params.get('state'));
  const query = useInfiniteQuery(silencesQuery(state === 'all' ? undefined : state));
  const silences = query.data?.pages.flatMap((page) => page.silences) ?? [];
  return (
    <>
      <PageHead
        title="Silences"
        crumbs={[{ label: 'Alerts', href: '#/alerts' }]}
        actions={
          (all || monitors.length > 0) && (
            <button type="button" className="primary" onClick={() => setAsked(true)}>
              <Icon name="plus" /> New silence
            </button>
          )
        }
      />
      <div className="row">
        <div className="segments" role="group" aria-label="Which silences">
          {states.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={state === each}
              onClick={() => change({ state: each === states[0] ? '' : each })}
            >
              {each.charAt(0).toUpperCase() + each.slice(1)}
            </button>
          ))}
        </div>
      </div>
      <section className="card" aria-label="Silences">
        <Listed
          query={query}
          rows={silences}
          none={
            state === 'all' ? (
              <Empty title="No silences">
                A silence keeps alerts of a known cause from being told, for a time: the alerts go on, and
                what still fires when it ends is told then.
              </Empty>
            ) : (
              <p className="hint card-none">None is {state}.</p>
            )
          }
        >
          {(rows) => <SilenceTable silences={rows} />}
        </Listed>
      </section>
      {isAsked && <SilenceDialog onClose={() => setAsked(false)} />}
    </>
  );
}

function SilenceTable({ silences }: { readonly silences: readonly Silence[] }) {
  const [ended, setEnded] = useState<Silence>();
  const { may } = useMaySilence();
  const firing = useInfiniteQuery(firingQuery({}));
  const alerts = firing.data?.pages.flatMap((page) => page.alerts);
  const heldBack = (silence: Silence): string => {
    if (silence.state !== 'active' || alerts === undefined) return '—';
    const count = alerts.filter((alert) => matches(silence, alert)).length;
    if (firing.hasNextPage) return `${counted(count, 'alert')} or more`;
    return count === 0 ? 'nothing' : counted(count, 'alert');
  };
  return (
    <>
      <Table
        label="Silences, newest first"
        rows={silences}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Silence',
            cell: (silence) => <span className="alerts-cell">{silenceWords(silence)}</span>,
          },
          { title: 'State', cell: ({ state }) => <Chip state={state} tone={tones[state]} /> },
          { title: 'From', cell: ({ from }) => <Moment at={from} /> },
          { title: 'Until', cell: ({ until }) => <Moment at={until} /> },
          { title: 'Holds back now', cell: heldBack },
          { title: 'Comment', cell: ({ comment }) => <span className="alerts-cell">{comment || '—'}</span> },
          {
            title: 'Made',
            cell: ({ created_at: at, created_by: by }) => (
              <>
                <Ago at={at} /> by {by}
              </>
            ),
          },
          {
            title: <span className="hidden">Actions</span>,
            id: 'actions',
            cell: (silence) =>
              silence.state !== 'expired' &&
              may(silence) && (
                <button
                  type="button"
                  className="quiet"
                  aria-label={`End: ${silenceWords(silence)}`}
                  onClick={() => setEnded(silence)}
                >
                  End
                </button>
              ),
          },
        ]}
      />
      {ended && (
        <Dialog
          title="End this silence?"
          action="End it now"
          danger
          onClose={() => setEnded(undefined)}
          onSubmit={() => changeSilences.end(ended.id)}
        >
          <p>{silenceWords(ended)}. What still fires is told.</p>
        </Dialog>
      )}
    </>
  );
}
