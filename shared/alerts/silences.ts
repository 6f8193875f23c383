import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError, type Page, pageOf, positionIn, unlessCode } from '../http/index.ts';
import { getMonitor, type Severity } from '../monitoring/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import { textWithoutSecrets } from '../secrets/index.ts';
import { lost, swap } from '../swap.ts';
import {
  type Alert,
  alertmanagerPartition,
  type Silence,
  silenceDocument,
  silencesPartition,
} from './model.ts';

/** Each change of an alert looks at all that are in force. */
const silencesMax = 500;

export const silenceStates = ['pending', 'active', 'expired'] as const;
export type SilenceState = (typeof silenceStates)[number];

export type NewSilence = {
  readonly monitor?: string | undefined;
  readonly signal?: string | undefined;
  readonly segment?: string | undefined;
  readonly severity?: Severity | undefined;
  /** Milliseconds since 1970; now where it is left out. */
  readonly from?: number | undefined;
  readonly until: number;
  readonly comment: string;
};

/** Whether a silence is still to come, in force, or over. */
export function silenceState({ from, until }: Pick<Silence, 'from' | 'until'>, now: number): SilenceState {
  if (until <= now) return 'expired';
  return from <= now ? 'active' : 'pending';
}

/**
 * Keeps what matches from being told until a time. Throws `not-found` for a monitor that there is not, `invalid` for
 * a time that is no span or over already, and `conflict` where too many silences are in force.
 */
export async function createSilence(ctx: Context, input: NewSilence): Promise<Silence> {
  const now = ctx.clock.now();
  const { monitor = null, signal = null, segment = null, severity = null, from = now, until } = input;
  if (until <= now)
    throw new CairnError('invalid', "'until' lies in the past; give a time that is still to come.", {
      field: 'until',
    });
  if (from >= until) throw new CairnError('invalid', "'from' must lie before 'until'.", { field: 'from' });
  const isOfMonitor = monitor !== null && monitor !== alertmanagerPartition;
  const watched = isOfMonitor ? await unlessCode(getMonitor(ctx, monitor), 'not-found') : undefined;
  if (isOfMonitor && !watched) throw noMonitorToSilence(monitor);
  const endpoint = watched?.doc.endpoint ?? null;
  await requireRoom(ctx, now);
  const silenceId = `${String(now).padStart(14, '0')}-${ctx.ids.hex(4)}`;
  const doc: Silence = {
    ...{ id: silenceDocument(silenceId), type: 'silence', v: 1, workspace: ctx.workspace },
    ...{ monitorId: silencesPartition, silenceId, monitor, endpoint, signal, segment, severity, from, until },
    comment: textWithoutSecrets(ctx, 'comment', input.comment),
    ...{ createdBy: ctx.principal.id, createdAt: now, seq: 1 },
  };
  if (!(await commit(ctx, { op: 'create', doc }, { type: 'silence.created', after: doc })))
    throw new CairnError('unavailable', 'Another silence has this id; try again.', { retryAfterSeconds: 1 });
  return doc;
}

/** Ends a silence now; one that is over stays as it is. Throws `not-found`. */
export async function endSilence(ctx: Context, silenceId: string): Promise<Silence> {
  return swap(ctx, `Silence '${silenceId}'`, async () => {
    const { doc: before, etag } = await storedSilence(ctx, silenceId);
    const now = ctx.clock.now();
    if (silenceState(before, now) === 'expired') return before;
    const doc: Silence = { ...before, from: Math.min(before.from, now), until: now, seq: before.seq + 1 };
    const told = { type: 'silence.ended', before, after: doc } as const;
    return (await commit(ctx, { op: 'replace', doc, etag }, told)) ? doc : lost;
  });
}

/** Throws `not-found` where there is none of this id. */
export async function getSilence(ctx: Context, silenceId: string): Promise<Silence> {
  return (await storedSilence(ctx, silenceId)).doc;
}

export type SilenceFilter = {
  readonly state?: SilenceState | undefined;
  readonly monitor?: string | undefined;
};

/** The silences of any monitor, and those of monitors whose endpoints the caller may see; newest first. */
export async function listSilences(
  ctx: Context,
  { state, monitor }: SilenceFilter,
  { limit, pageToken }: { readonly limit: number; readonly pageToken?: string | undefined },
): Promise<Page<Silence>> {
  const after = positionIn(pageToken, { id: '' });
  const now = ctx.clock.now();
  const [visible] = onlyVisible(['endpoint'], ctx.access.visible('endpoint'));
  const conditions: Condition[] = [
    () => "c.type = 'silence'",
    ...(state === undefined ? [] : [inState(state, now)]),
    ...(monitor === undefined ? [] : [((bind) => `c.monitor = ${bind(monitor)}`) satisfies Condition]),
    ...(visible ? [((bind) => `(IS_NULL(c.endpoint) OR ${visible(bind)})`) satisfies Condition] : []),
    ...(after ? [((bind) => `c.id < ${bind(after.id)}`) satisfies Condition] : []),
  ];
  const rows = await silences(ctx).query<Silence>(queryOf('*', conditions, 'c.id DESC'), {
    key: partition(ctx),
    limit: limit + 1,
  });
  return pageOf(rows, limit, ({ id }) => ({ id }));
}

/** The silences in force, as they are now. */
export function activeSilences(ctx: Context): Promise<Silence[]> {
  const conditions: Condition[] = [() => "c.type = 'silence'", inState('active', ctx.clock.now())];
  return silences(ctx).query<Silence>(queryOf('*', conditions), {
    key: partition(ctx),
    consistency: 'strong',
  });
}

/** Of the silences that match an alert the one that lasts longest. */
export function isSilenced(
  among: readonly Silence[],
  alert: Pick<Alert, 'monitorId' | 'signal' | 'segment' | 'severity'>,
): Silence | undefined {
  const matches = ({ monitor, signal, segment, severity }: Silence) =>
    (monitor ?? alert.monitorId) === alert.monitorId &&
    (signal ?? alert.signal) === alert.signal &&
    (segment ?? alert.segment) === alert.segment &&
    (severity ?? alert.severity) === alert.severity;
  return among.filter(matches).toSorted((a, b) => b.until - a.until)[0];
}

/** The words where a silence names a monitor that there is not. */
export function noMonitorToSilence(monitor: string): CairnError {
  return new CairnError('not-found', `There is no monitor named '${monitor.slice(0, 100)}'.`, {
    field: 'monitor',
  });
}

/** The words where there is no silence of an id. */
export function unknownSilence(silenceId: string): CairnError {
  return new CairnError('not-found', `There is no silence '${silenceId.slice(0, 100)}'.`, { field: 'id' });
}

const silences = (ctx: Context) => ctx.stores.documents('monitors');
const partition = (ctx: Context): readonly string[] => [ctx.workspace, silencesPartition];

async function storedSilence(ctx: Context, silenceId: string): Promise<Stored<Silence>> {
  const stored = await silences(ctx).read<Silence>(partition(ctx), silenceDocument(silenceId));
  if (!stored) throw unknownSilence(silenceId);
  return stored;
}

function inState(state: SilenceState, now: number): Condition {
  switch (state) {
    case 'pending':
      return (bind) => `c["from"] > ${bind(now)}`;
    case 'active':
      return (bind) => `c["from"] <= ${bind(now)} AND c["until"] > ${bind(now)}`;
    default:
      return (bind) => `c["until"] <= ${bind(now)}`;
  }
}

async function requireRoom(ctx: Context, now: number): Promise<void> {
  const there = await silences(ctx).query<string>(
    queryOf('VALUE c.id', [() => "c.type = 'silence'", (bind) => `c["until"] > ${bind(now)}`]),
    { key: partition(ctx), limit: silencesMax, consistency: 'strong' },
  );
  if (there.length < silencesMax) return;
  throw new CairnError(
    'conflict',
    `There are ${silencesMax} silences that are not over, the most there can be; end one, or let one match more.`,
  );
}

type Told =
  | { readonly type: 'silence.created'; readonly after: Silence }
  | { readonly type: 'silence.ended'; readonly before: Silence; readonly after: Silence };

/** Writes a silence and the event that tells of it; false where somebody else was faster. */
async function commit(ctx: Context, write: Write, told: Told): Promise<boolean> {
  const { silenceId, monitor, endpoint, seq } = told.after;
  const event = eventWrite(
    ctx,
    {
      ...told,
      aggregate: `silence/${silenceId}`,
      seq,
      subject: {
        silenceId,
        ...(monitor === null ? {} : { monitorId: monitor }),
        ...(endpoint === null ? {} : { endpoint }),
      },
      ...(told.type === 'silence.created' ? { reason: told.after.comment } : {}),
    },
    { workspace: ctx.workspace, monitorId: silencesPartition },
  );
  const { outcome } = await silences(ctx).batch(partition(ctx), [write, event]);
  if (outcome !== 'applied') return false;
  relay(ctx, 'monitors', partition(ctx), event);
  return true;
}
