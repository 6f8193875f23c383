import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import type { Monitor } from '../api/types.ts';
import type { Fault } from '../endpoints/faults.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { Moment } from '../parts/Time.tsx';
import { type Backfill, backfillWindowsMax, forgetBackfill, startBackfill, windowEnds } from './backfill.ts';
import { Setting } from './Inputs.tsx';
import { localText, timeOf } from './times.ts';

type BackfillDialogProps = { readonly monitor: Monitor; readonly onClose: () => void };

const windowsUsual = 24;

/** Asks from when to when windows are to be looked at, again where they have been. */
export function BackfillDialog({ monitor, onClose }: BackfillDialogProps) {
  const step = monitor.every_seconds * 1000;
  const [to, setTo] = useState(() => localText(Math.floor(Date.now() / 60_000) * 60_000));
  const [from, setFrom] = useState(() => localText(Math.floor(Date.now() / step - windowsUsual) * step));
  const [fault, setFault] = useState<Fault>();
  const [start, end] = [timeOf(from), timeOf(to)];
  const windows =
    start === undefined || end === undefined || (end - start) / step > 100_000
      ? undefined
      : windowEnds(monitor.every_seconds, start, end).length;
  return (
    <Dialog
      title={`Look at earlier windows of ${monitor.name}`}
      action="Backfill"
      onClose={onClose}
      onSubmit={async () => {
        setFault(undefined);
        try {
          await startBackfill(monitor, start ?? 0, end ?? 0);
        } catch (error) {
          if (error instanceof ApiError && error.field !== undefined)
            setFault({ field: error.field, message: error.message });
          throw error;
        }
      }}
    >
      <p className="hint">
        All windows of the grid that end between the two are looked at, one after the other, also those that
        have been: with the settings and the labels of now. Their results are made again.
      </p>
      <div className="pair">
        <Setting label="From" field="from" fault={fault}>
          <input
            type="datetime-local"
            required
            aria-invalid={fault?.field === 'from'}
            value={from}
            onChange={({ target }) => setFrom(target.value)}
          />
        </Setting>
        <Setting label="To" field="to" fault={fault}>
          <input
            type="datetime-local"
            required
            aria-invalid={fault?.field === 'to'}
            value={to}
            onChange={({ target }) => setTo(target.value)}
          />
        </Setting>
      </div>
      <p className="hint" role="status">
        {windows === undefined
          ? ''
          : windows > backfillWindowsMax
            ? `${counted(windows, 'window')}: more than the ${backfillWindowsMax} that can be asked for at once.`
            : `${counted(windows, 'window')}.`}
      </p>
    </Dialog>
  );
}

type BackfillProgressProps = { readonly name: string; readonly of: Backfill };

const words = {
  running: 'Windows are being looked at.',
  finished: 'All windows have been looked at.',
  stalled: 'No further window was looked at for two minutes; the rest may still come.',
  failed: 'How far it is cannot be told.',
} as const;

/** How far a backfill is. */
export function BackfillProgress({ name, of }: BackfillProgressProps) {
  const { from, to, windows, done, state, error } = of;
  return (
    <section className="card card-body backfill" aria-label="Backfill">
      <div className="row">
        <strong>Backfill</strong>
        <span className="hint">
          <Moment at={from} /> to <Moment at={to} />
        </span>
        <button
          type="button"
          className="quiet backfill-close"
          aria-label="Close what is told of the backfill"
          onClick={() => forgetBackfill(name)}
        >
          Close
        </button>
      </div>
      <progress max={Math.max(windows, 1)} value={windows === 0 ? 1 : done} aria-label="Windows looked at" />
      <p role="status">
        {windows === 0
          ? 'No window of the grid ends in this time.'
          : `${done} of ${counted(windows, 'window')}. ${words[state]}`}
      </p>
      {error !== undefined && <Failure error={error} />}
    </section>
  );
}
