import type { Context } from '../../context.ts';
import { lost, swap } from '../../swap.ts';
import { readHead, readTail } from '../chain/documents.ts';
import { resumeLog } from '../chain/resume.ts';
import { withCheckpoint } from './export-checkpoint.ts';
import { withEntries } from './export-entries.ts';
import { beginning, type ExportDocument, readExport, writeExport } from './progress.ts';
import { exportLater } from './schedule.ts';

/**
 * Writes what was entered since the last time to the segments, and signs how far they go. What is done, and where
 * each blob ends, stands in one document; each append is conditional on that end. So an instance that died after
 * any step, or two that do this at once, leave every entry in its segment once and in order.
 */
export async function exportSegments(ctx: Context): Promise<void> {
  try {
    await resumeLog(ctx);
    const tail = await readTail(ctx);
    if (!tail) return;
    let isBehind = true;
    while (isBehind)
      isBehind = await swap(ctx, 'The export of the audit log', () => exportHour(ctx, tail.doc.first));
  } catch (error) {
    await exportLater(ctx);
    throw error;
  }
}

/** Brings the hour that is due up to its head. Returns whether the log goes on in a later one. */
async function exportHour(ctx: Context, first: string): Promise<boolean | typeof lost> {
  const stored = await readExport(ctx);
  const before = stored?.doc ?? beginning(first);
  const head = await readHead(ctx, before.hour);
  if (!head) throw new Error(`The head of hour ${before.hour} of the audit log is gone.`);
  const written = await withEntries(ctx, before, head.doc);
  const covered = written && (await withCheckpoint(ctx, written, head.doc));
  if (!covered) return lost;
  const { next } = head.doc;
  const after = next === undefined ? covered : nextHour(covered, next);
  if (JSON.stringify(after) === JSON.stringify(before)) return false;
  return (await writeExport(ctx, after, stored)) ? next !== undefined : lost;
}

function nextHour(done: ExportDocument, hour: string): ExportDocument {
  return { ...done, hour, entriesBytes: 0, checkpointsBytes: 0 };
}
