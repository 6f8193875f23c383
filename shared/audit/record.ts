import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { append } from './chain/append.ts';
import { draftOf, idOf } from './entry.ts';
import { exportLater } from './segments/schedule.ts';

/** An event and the workspace in which it happened. */
export type Witnessed = { readonly event: CairnEvent; readonly workspace: string };

/** Enters events into the audit log, each once however often it is delivered. */
export async function recordAudit(ctx: Context, events: readonly Witnessed[]): Promise<void> {
  if (events.length === 0) return;
  // Asked for first: entries that nobody exports would be found by no verification.
  const covered = await exportLater(ctx);
  await append(
    ctx,
    events.map(({ event, workspace }) => {
      const draft = draftOf(event, workspace);
      return { id: idOf(draft), draft };
    }),
  );
  if (!covered()) await exportLater(ctx);
}
