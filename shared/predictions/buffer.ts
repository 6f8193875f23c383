import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { isWithoutEdges, writePartProfile } from '../profiles/index.ts';
import { tensorBytes } from '../sessions/index.ts';
import { lossBound } from './bounds.ts';
import { tableOf } from './counted.ts';
import { encodePart, type PartHead } from './part.ts';
import { hourFolder, hourOf, predictionIds } from './prediction-id.ts';
import { rowsOf, type Scored } from './rows.ts';

const rowOverheadBytes = 64;

/** Whose rows a buffer collects. */
export type LogHead = Omit<PartHead, 'workspace' | 'hour' | 'buffer'>;

type PartBuffer = {
  readonly head: PartHead;
  /** Whether its rows become a part; others are counted alone. */
  readonly isLogged: boolean;
  readonly ctx: Context;
  readonly requests: Scored[];
  rows: number;
  bytes: number;
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
  retry: NodeJS.Timeout | undefined;
};

const logs = new WeakMap<Stores, Log>();

/**
 * Adds the rows of a request to the log and returns their ids. It only remembers the tensors; the part is made and
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
  const { rows, inputs, outputs } = scored;
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
      requests: [],
      rows: 0,
      bytes: 0,
      timer: undefined,
    };
    log.open.set(key, buffer);
    buffer.timer = setTimeout(
      () => flushSoon(ctx, log, key),
      ctx.settings.predictionFlushSeconds * 1000,
    ).unref();
  }
  const firstRow = buffer.rows;
  buffer.requests.push(scored);
  buffer.rows += rows;
  const bytes = rows * rowOverheadBytes + tensorBytes(inputs) + tensorBytes(outputs);
  buffer.bytes += bytes;
  log.openBytes += bytes;
  if (buffer.rows >= lossBound.rows || buffer.bytes >= lossBound.bytes) flushSoon(ctx, log, key);
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
  for (const key of [...log.open.keys()]) close(log, key);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lossBound.shutdownSeconds * 1000);
  });
  await Promise.race([write(log), deadline]);
  clearTimeout(timer);
  const rows = [...log.closed].reduce((sum, { isLogged, rows: of }) => sum + (isLogged ? of : 0), 0);
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
  log.openBytes -= buffer.bytes;
  log.closed.add(buffer);
  giveUpOldest(log);
}

/** Writes all closed buffers, one after the other; a writer at work is joined. */
async function write(log: Log): Promise<void> {
  while (log.writing) await log.writing;
  if (log.closed.size === 0) return;
  log.writing = writeClosed(log).finally(() => {
    log.writing = undefined;
  });
  await log.writing;
}

async function writeClosed(log: Log): Promise<void> {
  for (const buffer of log.closed) {
    log.inFlight = buffer;
    try {
      await writeBuffer(log, buffer);
      log.closed.delete(buffer);
    } catch (error) {
      buffer.ctx.log.warn('predictions wait', { rows: buffer.rows, reason: String(error) });
      tryAgain(log, buffer.ctx);
      return;
    } finally {
      log.inFlight = undefined;
    }
  }
}

function tryAgain(log: Log, ctx: Context): void {
  clearTimeout(log.retry);
  log.retry = setTimeout(() => writeSoon(ctx, log), ctx.settings.predictionFlushSeconds * 1000).unref();
}

async function writeBuffer(log: Log, { ctx, head, requests, isLogged }: PartBuffer): Promise<void> {
  const owner = `${head.workspace}/${head.endpoint}`;
  const here: Context = { ...ctx, workspace: head.workspace };
  const rows = rowsOf(head, requests);
  const ids = isLogged ? predictionIds(owner, head.hour, head.buffer, 0, rows.rows) : [];
  if (isLogged) {
    const lost = log.lost.get(owner) ?? 0;
    const part = encodePart(head, rows, ids, { lostRows: lost });
    // Create-only: a part that is there already is this one, from a try whose answer was lost.
    await ctx.stores
      .blobs('predictions')
      .write(partName(head), part, { createOnly: true, contentType: 'application/vnd.apache.parquet' });
    if (lost > 0) log.lost.set(owner, (log.lost.get(owner) ?? 0) - lost);
  }
  try {
    await writePartProfile(here, head, tableOf(rows, ids));
  } catch (error) {
    // A part that is not counted is counted when its hour is asked for; rows without a part would be missing.
    if (!isLogged) throw error;
    ctx.log.warn('predictions not counted', { endpoint: head.endpoint, reason: String(error) });
  }
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
  let bytes = [...log.closed].reduce((sum, buffer) => sum + buffer.bytes, 0);
  for (const buffer of log.closed) {
    if (bytes <= lossBound.waitingBytes) return;
    if (buffer === log.inFlight) continue;
    const owner = `${buffer.head.workspace}/${buffer.head.endpoint}`;
    log.closed.delete(buffer);
    if (buffer.isLogged) log.lost.set(owner, (log.lost.get(owner) ?? 0) + buffer.rows);
    buffer.ctx.log.error('predictions lost', { endpoint: buffer.head.endpoint, rows: buffer.rows });
    bytes -= buffer.bytes;
  }
}
