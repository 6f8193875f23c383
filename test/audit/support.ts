import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from '../../shared/audit/segments/lines.ts';
import { checkpointsBlob, entriesBlob, segmentOf } from '../../shared/audit/segments/names.ts';
import type { SegmentSource } from '../../shared/audit/index.ts';
import { keyFiles } from '../../shared/azure/key-files.ts';
import type { Context } from '../../shared/context.ts';
import type { AuditEntry } from '../../shared/audit/entry.ts';
import type { EntryDocument } from '../../shared/audit/chain/documents.ts';
import type { CairnEvent } from '../../shared/events/index.ts';

/** 2026-03-01T10:00:00Z. */
export const ten = Date.UTC(2026, 2, 1, 10);
export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => count * 3_600_000;

/** The context with a clock that stands. */
export function timed(ctx: Context, now: number): Context {
  return { ...ctx, clock: { now: () => now } };
}

/** An event as a verb leaves it. */
export function eventOf(
  aggregate: string,
  seq: number,
  at: number,
  more: Partial<CairnEvent> = {},
): CairnEvent {
  return {
    type: 'endpoint.changed',
    aggregate,
    seq,
    actor: 'ada',
    requestId: `request-${seq}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    at,
    subject: { endpoint: aggregate },
    ...more,
  };
}

export const inDefault = (event: CairnEvent) => ({ event, workspace: 'default' });

/** Everything that is entered, in the order of the log. */
export async function wholeLog(ctx: Context): Promise<AuditEntry[]> {
  const documents = await ctx.stores
    .documents('audit')
    .query<EntryDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'audit-entry'" },
      { consistency: 'strong' },
    );
  return documents.map(({ entry }) => entry).toSorted((a, b) => a.seq - b.seq);
}

/** The same stores with keys to sign with, new ones in a folder of their own. */
export async function withKeys(ctx: Context): Promise<Context> {
  const keys = keyFiles(await mkdtemp(join(tmpdir(), 'cairn-audit-keys-')));
  return { ...ctx, stores: { ...ctx.stores, keys } };
}

/** The segments as they are stored, by blob name. */
export async function storedFiles(ctx: Context): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { name } of ctx.stores.blobs('audit').walk(''))
    files.set(name, (await ctx.stores.blobs('audit').read(name)) ?? Buffer.alloc(0));
  return files;
}

/** Segments as files in memory, to be verified. */
export function sourceOf(files: ReadonlyMap<string, Uint8Array>): SegmentSource {
  const lines = async function* (name: string) {
    yield* linesOf([files.get(name) ?? new Uint8Array()]);
  };
  return {
    segments: () => new Set([...files.keys()].flatMap((name) => segmentOf(name) ?? []).toSorted()),
    entries: (segment) => lines(entriesBlob(segment)),
    checkpoints: (segment) => lines(checkpointsBlob(segment)),
  };
}
