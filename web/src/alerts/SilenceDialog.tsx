import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { alertmanager, alertSignals, type NewSilence, severities } from '../api/alerts.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { counted } from '../parts/format.ts';
import { changeSilences } from './actions.ts';
import { firingQuery } from './queries.ts';
import { matches, useMaySilence } from './silencing.ts';
import { matterOf, signalWords } from './words.tsx';

const commentCharsMax = 1000;
const namedMax = 3;
const hour = 3_600_000;
const lengths: readonly (readonly [words: string, milliseconds: number])[] = [
  ['1 hour', hour],
  ['8 hours', 8 * hour],
  ['1 day', 24 * hour],
  ['7 days', 7 * 24 * hour],
];
/** In place of a length: a time is given. */
const untilTime = 'until';
/** What matches anything, and alerts of all rows: their segment is `''`. */
const [any, allRows] = ['any', 'all-rows'];

type Given = { readonly monitor?: string; readonly signal?: string };
type SilenceDialogProps = { readonly given?: Given; readonly onClose: () => void };

/** What is not to be told for a while, for how long, and what that would hold back now. */
export function SilenceDialog({ given = {}, onClose }: SilenceDialogProps) {
  const { all, monitors } = useMaySilence();
  const [monitor, setMonitor] = useState(given.monitor);
  const [signal, setSignal] = useState(given.signal ?? any);
  const [segment, setSegment] = useState(any);
  const [severity, setSeverity] = useState(any);
  const [length, setLength] = useState(String(lengths[0]?.[1]));
  const names = new Set([...monitors.map(({ name }) => name), ...(given.monitor ? [given.monitor] : [])]);
  const chosen = monitor ?? (all ? any : ([...names][0] ?? any));
  const segments = monitors.find(({ name }) => name === chosen)?.segments;
  const of = {
    ...(chosen === any ? {} : { monitor: chosen }),
    ...(signal === any ? {} : { signal }),
    ...(segment === any ? {} : { segment: segment === allRows ? '' : segment }),
    ...(severity === any ? {} : { severity: severity as NewSilence['severity'] & string }),
  };
  return (
    <Dialog
      title="New silence"
      action="Silence"
      onClose={onClose}
      onSubmit={async (form) => {
        const text = (name: string) => String(form.get(name) ?? '').trim();
        const from = text('from') === '' ? undefined : new Date(text('from')).getTime();
        const until =
          length === untilTime ? new Date(text('until')).getTime() : (from ?? Date.now()) + Number(length);
        if (until <= (from ?? Date.now())) throw new Error('It must end after it begins, and after now.');
        await changeSilences.create({
          ...of,
          ...(from === undefined ? {} : { from }),
          until,
          comment: text('comment'),
        });
      }}
    >
      <p className="hint">Alerts go on, and are shown here. What still fires when it ends is told then.</p>
      <div className="silence-fields">
        <Field label="Monitor">
          <select
            value={chosen}
            onChange={({ target }) => {
              setMonitor(target.value);
              setSegment(any);
            }}
          >
            {all && <option value={any}>Any monitor</option>}
            {[...names].map((name) => (
              <option key={name} value={name}>
                {name === alertmanager ? 'Alertmanager' : name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Signal">
          <select value={signal} onChange={({ target }) => setSignal(target.value)}>
            <option value={any}>Every signal</option>
            {alertSignals.map((name) => (
              <option key={name} value={name}>
                {signalWords(name)}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Rows">
          <select value={segment} onChange={({ target }) => setSegment(target.value)}>
            <option value={any}>Any segment</option>
            <option value={allRows}>All rows together, no segment</option>
            {segments?.values.map((value) => {
              const name = `${segments.column}=${value}`;
              return (
                <option key={name} value={name}>
                  {name}
                </option>
              );
            })}
          </select>
        </Field>
        <Field label="Severity">
          <select value={severity} onChange={({ target }) => setSeverity(target.value)}>
            <option value={any}>Any severity</option>
            {severities.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
        <Field label="From" hint="Now, unless a time is given.">
          <input name="from" type="datetime-local" />
        </Field>
        <Field label="For">
          <select value={length} onChange={({ target }) => setLength(target.value)}>
            {lengths.map(([words, milliseconds]) => (
              <option key={words} value={milliseconds}>
                {words}
              </option>
            ))}
            <option value={untilTime}>until a time</option>
          </select>
        </Field>
        {length === untilTime && (
          <Field label="Until">
            <input name="until" type="datetime-local" required />
          </Field>
        )}
      </div>
      <Field label="Comment" hint="Why nobody needs to be told.">
        <input name="comment" required maxLength={commentCharsMax} autoComplete="off" />
      </Field>
      <HeldBack of={of} />
    </Dialog>
  );
}

/** The alerts that fire and would not be told. */
function HeldBack({ of }: { readonly of: Omit<NewSilence, 'until' | 'comment'> }) {
  const { segment: _, ...asked } = of;
  const query = useInfiniteQuery(firingQuery(asked));
  const found = query.data?.pages.flatMap(({ alerts }) => alerts).filter((alert) => matches(of, alert));
  return (
    <p className="silence-held" role="status">
      {found === undefined ? '…' : heldWords(found, query.hasNextPage)}
    </p>
  );
}

function heldWords(found: readonly Parameters<typeof matches>[1][], isMore: boolean): string {
  if (found.length === 0 && !isMore) return 'Nothing that fires right now matches.';
  const named = found.slice(0, namedMax).map((alert) => `${matterOf(alert)} of ${alert.monitor}`);
  const end = found.length > namedMax || isMore ? ' …' : '.';
  const count = `${counted(found.length, 'alert')}${isMore ? ' and more' : ''}`;
  return `Right now it would hold back ${count}: ${named.join(', ')}${end}`;
}
