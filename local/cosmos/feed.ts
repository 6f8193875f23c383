import { atConsistency, feedCharge } from './charge.ts';
import { CosmosError } from './errors.ts';
import { isExpired } from './items.ts';
import { itemsMax, locate, type QueryReply, type QueryRequest } from './queries.ts';
import type { Json, JsonObject } from './query/values.ts';
import { Access } from './store/access.ts';
import type { ItemRow } from './store/container-store.ts';
import { HEADER } from './wire.ts';

/**
 * One page of the change feed, latest versions: each live item once, at its last write. The position is the `etag` of
 * the answer; a page without changes answers 304.
 *
 * @throws CosmosError 400 for a position or a mode that is not known
 */
export function readChangeFeed(request: QueryRequest): QueryReply & { status: 200 | 304 } {
  const { container, headers, nowMs } = request;
  const mode = headers[HEADER.aIm]?.toLowerCase();
  if (mode !== 'incremental feed') {
    throw new CosmosError(
      400,
      `The change feed mode '${headers[HEADER.aIm]}' is not supported, only 'Incremental Feed'.`,
    );
  }
  const where = locate(request);
  const access = new Access(
    container.store,
    where.kind === 'all' ? { kind: 'range', range: { min: '', max: 'FF' } } : where.scope,
  );
  const from = start(request);
  const most = itemsMax(headers);
  const values: Json[] = [];
  let bytes = 0;
  let position = from;
  const sql = `SELECT * FROM items_${container.store.number} WHERE (lsn, seq) > (?, ?) AND ts >= ? ORDER BY lsn, seq`;
  for (const row of container.store.iterate<ItemRow>(sql, from.lsn, from.seq, from.ts)) {
    if (!access.accepts(row) || isExpired(row, container, nowMs)) continue;
    values.push({ ...(JSON.parse(row.body) as JsonObject), _lsn: row.lsn });
    bytes += row.body.length;
    position = { lsn: row.lsn, seq: row.seq, ts: 0 };
    if (values.length >= most) break;
  }
  const isEmpty = values.length === 0;
  return {
    status: isEmpty ? 304 : 200,
    values,
    headers: { [HEADER.itemCount]: String(values.length), etag: `"${position.lsn}.${position.seq}"` },
    charge: atConsistency(feedCharge(values.length, bytes), request.freshness.isRelaxed),
  };
}

/** From the beginning, from now, from a second, or from where the last page ended. */
function start({ container, headers }: QueryRequest): { lsn: number; seq: number; ts: number } {
  const position = headers[HEADER.ifNoneMatch];
  if (position === '*') return { lsn: container.store.lsn, seq: Number.MAX_SAFE_INTEGER, ts: 0 };
  if (position !== undefined) {
    const [, lsn, seq] = /^"?(\d+)\.(\d+)"?$/.exec(position) ?? [];
    if (lsn === undefined || seq === undefined) {
      throw new CosmosError(
        400,
        `The position ${position} in If-None-Match is not one that this change feed gave.`,
      );
    }
    return { lsn: Number(lsn), seq: Number(seq), ts: 0 };
  }
  const since = headers[HEADER.ifModifiedSince];
  if (since === undefined) return { lsn: 0, seq: 0, ts: 0 };
  const ms = Date.parse(since);
  if (Number.isNaN(ms)) throw new CosmosError(400, `If-Modified-Since is not a date: ${since}.`);
  return { lsn: 0, seq: 0, ts: Math.floor(ms / 1000) };
}
