import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { lossBound } from './bounds.ts';
import { edgesFor, isWithoutEdges, segmentsOf, writeCounted } from '../profiles/index.ts';
import { Gathered } from './gathered.ts';
import { type MadePart, makePart } from './make-part.ts';
import type { PartHead } from './part.ts';
import { madePart } from './part-maker.ts';
import { hourFolder, hourOf, predictionIds } from './prediction-id.ts';
import type { Scored } from './rows.ts';

/** Whose rows a buffer collects. */
export type LogHead = Omit<PartHead, 'workspace' | 'hour' | 'buffer'>;

type PartBuffer = {
  readonly head: PartHead;
  /** Whether its rows become a part; others are counted alone. */
  readonly isLogged: boolean;
  readonly ctx: Context;
  readonly gathered: Gathered;
  /** Its files, once they have been made, and how many lost rows they tell of. */
  made: (MadePart & { readonly lostRows: number }) | undefined;
  timer: NodeJS.Timeout | undefined;
};

type Log = {
  /** Buffers that still take rows, by what answered, hour and what is hidden. */
  readonly open: Map<string, PartBuffer>;
  openBytes: number;
  /** Closed buffers that are not in the store yet, oldest first. */
  readonly closed: Set<PartBuffer>;
  /** The one of them that is being written: it may arrive, so it is not given up. */
  inFlight: PartBuffer | undefined;
  /** Rows given up per `<workspace>/<endpoint>` since its last part. */
  readonly lost: Map<string, number>;
  writing: Promise<void> | undefined;
  /** What is written when that is over. */
  next: Promise<void> | undefined;
  /** Everything is to be written now: parts are made where they are, and no thread is waited for. */
  isUrgent: boolean;
  retry: NodeJS.Timeout | undefined;
};

const logs = new WeakMap<Stores, Log>();

/**
 * Adds the rows of a request to the log and returns their ids. It only copies the tensors; the part is made and
 * written later, personal data masked or hashed as the head says: {@link lossBound} says what that can lose.
 */
export function bufferPredictions(ctx: Context, head: LogHead, scored: Scored): string[] {
  const { workspace, endpoint, hour, buffer, firstRow } = add(ctx, head, scored, true);
  return predictionIds(`${workspace}/${endpoint}`, hour, buffer, firstRow, scored.rows);
}

/** Counts the rows of a request that is not logged, where its version is counted; what a crash can lose of it is the same. */
export function countPredictions(ctx: Context, head: LogHead, scored: Scored): void {
  if (!isWithoutEdges(ctx, head)) add(ctx, head, scored, false);
}

function add(
  ctx: Context,
  head: LogHead,
  scored: Scored,
  isLogged: boolean,
): PartHead & { readonly firstRow: number } {
  const log = logOf(ctx.stores);
  const { endpoint, deployment, source, modelId, version, digest, rules } = head;
  const hour = hourOf(scored.at);
  const key = [
    isLogged,
    ctx.workspace,
    endpoint,
    deployment,
    source,
    modelId,
    version,
    digest,
    hour,
    rules?.id,
  ].join('/');
  let buffer = log.open.get(key);
  if (!buffer) {
    buffer = {
      head: { ...head, workspace: ctx.workspace, hour, buffer: ctx.ids.hex(8) },
      isLogged,
      ctx,
      gathered: new Gathered(),
      made: undefined,
      timer: undefined,
    };
    log.open.set(key, buffer);
    buffer.timer = setTimeout(
      () => flushSoon(ctx, log, key),
      ctx.settings.predictionFlushSeconds * 1000,
    ).unref();
  }
  const { gathered } = buffer;
  const firstRow = gathered.rows;
  log.openBytes += gathered.add(scored);
  if (gathered.rows >= lossBound.rows || gathered.bytes >= lossBound.bytes) flushSoon(ctx, log, key);
  else if (log.openBytes >= lossBound.openBytes)
    for (const each of [...log.open.keys()]) flushSoon(ctx, log, each);
  return { ...buffer.head, firstRow };
}

/**
 * Writes everything that is buffered: before the process ends (at most 3 seconds), and in tests.
 * Returns how many rows could not be written.
 */
export async function flushPredictions(stores: Stores): Promise<number> {
  const log = logOf(stores);
  log.isUrgent = true;
  for (const key of [...log.open.keys()]) close(log, key);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lossBound.shutdownSeconds * 1000);
  });
  await Promise.race([write(log), deadline]).finally(() => (log.isUrgent = false));
  clearTimeout(timer);
  const rows = [...log.closed].reduce(
    (sum, { isLogged, gathered }) => sum + (isLogged ? gathered.rows : 0),
    0,
  );
  if (rows > 0) [...log.closed][0]?.ctx.log.warn('predictions not written', { rows });
  return rows;
}

function logOf(stores: Stores): Log {
  let log = logs.get(stores);
  if (!log) {
    log = {
      open: new Map(),
      openBytes: 0,
      closed: new Set(),
      inFlight: undefined,
      lost: new Map(),
      writing: undefined,
      next: undefined,
      isUrgent: false,
      retry: undefined,
    };
    logs.set(stores, log);
  }
  return log;
}

function flushSoon(ctx: Context, log: Log, key: string): void {
  close(log, key);
  writeSoon(ctx, log);
}

function writeSoon(ctx: Context, log: Log): void {
  write(log).catch((error: unknown) => ctx.log.error('prediction log failed', { reason: String(error) }));
}

function close(log: Log, key: string): void {
  const buffer = log.open.get(key);
  if (!buffer) return;
  clearTimeout(buffer.timer);
  log.open.delete(key);
  log.openBytes -= buffer.gathered.bytes;
  log.closed.add(buffer);
  giveUpOldest(log);
}

/** Writes all closed buffers, one after the other; behind a writer at work, together with all who wait for it. */
function write(log: Log): Promise<void> {
  if (!log.writing)
    return (log.writing = writeClosed(log).finally(() => {
      log.writing = undefined;
    }));
  return (log.next ??= log.writing.then(() => {
    log.next = undefined;
    return write(log);
  }));
}

/** One that cannot be written, whatever the reason, holds up no other. */
async function writeClosed(log: Log): Promise<void> {
  let failed: PartBuffer | undefined;
  for (const buffer of [...log.closed]) {
    // Given up meanwhile.
    if (!log.closed.has(buffer)) continue;
    log.inFlight = buffer;
    try {
      await writeBuffer(log, buffer);
      log.closed.delete(buffer);
    } catch (error) {
      buffer.ctx.log.warn('predictions wait', { rows: buffer.gathered.rows, reason: String(error) });
      failed = buffer;
    } finally {
      log.inFlight = undefined;
    }
  }
  if (failed) tryAgain(log, failed.ctx);
}

function tryAgain(log: Log, ctx: Context): void {
  clearTimeout(log.retry);
  log.retry = setTimeout(() => writeSoon(ctx, log), ctx.settings.predictionFlushSeconds * 1000).unref();
}

async function writeBuffer(log: Log, buffer: PartBuffer): Promise<void> {
  const { ctx, head, isLogged } = buffer;
  const here: Context = { ...ctx, workspace: head.workspace };
  const { part, counted } = (buffer.made ??= await made(here, log, buffer));
  // Create-only: a part that is there already is this one, from a try whose answer was lost.
  if (part)
    await ctx.stores
      .blobs('predictions')
      .write(partName(head), part, { createOnly: true, contentType: 'application/vnd.apache.parquet' });
  try {
    if (counted) await writeCounted(here, head, counted);
  } catch (error) {
    // A part that is not counted is counted when its hour is asked for; rows without a part would be missing.
    if (!isLogged) throw error;
    notCounted(ctx, head, error);
  }
}

async function made(
  ctx: Context,
  log: Log,
  { head, isLogged, gathered }: PartBuffer,
): Promise<MadePart & { readonly lostRows: number }> {
  const by = await Promise.all([edgesFor(ctx, head), segmentsOf(ctx, head.endpoint)]).catch(
    (error: unknown) => {
      if (!isLogged) throw error;
      notCounted(ctx, head, error);
      return [];
    },
  );
  const [edges, segmentation] = by;
  const owner = ownerOf(head);
  const lostRows = isLogged ? (log.lost.get(owner) ?? 0) : 0;
  const job = { head, blocks: gathered.blocks(), isLogged, lostRows, edges, segmentation };
  const files = log.isUrgent ? makePart(job) : await madePart(job, gathered.bytes);
  gathered.release();
  // It is this part that tells of them now, and no other.
  log.lost.set(owner, (log.lost.get(owner) ?? 0) - lostRows);
  return { ...files, lostRows };
}

function notCounted({ log }: Context, { endpoint }: PartHead, error: unknown): void {
  log.warn('predictions not counted', { endpoint, reason: String(error) });
}

function ownerOf({ workspace, endpoint }: PartHead): string {
  return `${workspace}/${endpoint}`;
}

/** Where a part is, in container `predictions`. */
export function partName({
  workspace,
  endpoint,
  hour,
  buffer,
}: Pick<PartHead, 'workspace' | 'endpoint' | 'hour' | 'buffer'>): string {
  return `${workspace}/${endpoint}/parts/${hourFolder(hour)}/${buffer}.parquet`;
}

function giveUpOldest(log: Log): void {
  let bytes = [...log.closed].reduce((sum, { gathered }) => sum + gathered.bytes, 0);
  for (const buffer of log.closed) {
    if (bytes <= lossBound.waitingBytes) return;
    if (buffer === log.inFlight) continue;
    const { ctx, head, isLogged, gathered, made: files } = buffer;
    const owner = ownerOf(head);
    log.closed.delete(buffer);
    if (isLogged) log.lost.set(owner, (log.lost.get(owner) ?? 0) + gathered.rows + (files?.lostRows ?? 0));
    ctx.log.error('predictions lost', { endpoint: head.endpoint, rows: gathered.rows });
    bytes -= gathered.bytes;
  }
}
