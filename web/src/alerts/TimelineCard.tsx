import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { TimelineEntry, WholeIncident } from '../api/alerts.ts';
import { Card } from '../parts/Card.tsx';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { changeIncident } from './actions.ts';
import type { Jobs } from './RetrainingCard.tsx';
import { headingOf, partsOf, toneOf } from './timeline.ts';

const noteCharsMax = 4000;

type TimelineCardProps = { readonly incident: WholeIncident; readonly jobs: Jobs };

/** What happened since an incident opened, who did it, and the place to write something down. */
export function TimelineCard({ incident, jobs }: TimelineCardProps) {
  const { id, endpoint, timeline } = incident;
  return (
    <Card title="Timeline">
      <ol className="timeline" aria-label="What happened, newest last">
        {timeline.map((entry, at) => (
          <li key={`${entry.at} ${entry.kind} ${at}`} className={toneOf(entry)}>
            <div className="timeline-head">
              <strong>{headingOf(entry)}</strong>
              {entry.by !== undefined && <span>by {entry.by}</span>}
              <span className="hint">
                <Moment at={entry.at} />
              </span>
            </div>
            {entry.text !== '' && <p className="note">{textOf(entry)}</p>}
            <About entry={entry} endpoint={endpoint} jobs={jobs} />
          </li>
        ))}
      </ol>
      <May needs="operator">
        <NoteForm id={id} />
      </May>
    </Card>
  );
}

function textOf(entry: TimelineEntry): ReactNode {
  return partsOf(entry).map((part, at) =>
    // oxlint-disable-next-line react/no-array-index-key -- the parts of a text stay as they are
    typeof part === 'string' ? part : <Moment key={at} at={part.at} />,
  );
}

type AboutProps = { readonly entry: TimelineEntry; readonly endpoint: string; readonly jobs: Jobs };

/** The way to what an entry is about. */
function About({ entry: { kind, ref }, endpoint, jobs }: AboutProps) {
  if (ref === undefined) return null;
  const job = jobs.get(ref);
  switch (kind) {
    case 'retraining':
    case 'gate':
      return (
        <p className="hint">
          <a href={links.retraining(ref)}>The retraining</a>
        </p>
      );
    case 'promoted':
      return (
        <p className="hint">
          <a href={links.retraining(ref)}>The retraining</a>
          {job?.version !== undefined && (
            <>
              {', '}
              <a href={links.version(job.model, job.version)}>
                version {job.version} of {job.model}
              </a>
            </>
          )}
        </p>
      );
    case 'rollout':
      return (
        <p className="hint">
          <a href={links.endpoint(endpoint)}>Rollouts of {endpoint}</a>
        </p>
      );
    case 'silenced':
    case 'silence-ended':
      return (
        <p className="hint">
          <a href="#/silences">Silences</a>
        </p>
      );
    default:
      return null;
  }
}

/** A note is kept with the name of who wrote it, also where the incident is over. */
function NoteForm({ id }: { readonly id: string }) {
  const [text, setText] = useState('');
  const note = useMutation({
    mutationFn: () => changeIncident.note(id, text.trim()),
    onSuccess: () => setText(''),
  });
  return (
    <form
      className="timeline-note"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') note.mutate();
      }}
    >
      <textarea
        aria-label="Note"
        placeholder="What you found, or did"
        rows={2}
        maxLength={noteCharsMax}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      {note.error && <Failure error={note.error} />}
      <div className="row">
        <button type="submit" disabled={note.isPending || text.trim() === ''}>
          Add note
        </button>
      </div>
    </form>
  );
}
