import type { Context } from '../../context.ts';
import { clientOf } from './client.ts';
import { intakeOf } from './intake.ts';

/** A call that was refused. */
export type Denial = {
  readonly operation: string;
  readonly method: string;
  /** What was asked for, without the query: that may hold what nobody shall read. */
  readonly path: string;
  readonly role: string;
  readonly code: string;
  /** The caller's address, as the platform in front of the app knows it. */
  readonly address: string;
};

const pathCharsMax = 200;

/**
 * Enters a refusal, and ends once it is stored. It never throws: a refusal that cannot be entered now is entered
 * with the next one, and stands in the log of the app.
 */
export async function recordDenial(ctx: Context, denial: Denial): Promise<void> {
  try {
    const { operation, method, role, code } = denial;
    const path = denial.path.slice(0, pathCharsMax);
    const subject = { operation, method, path, role, code, client: await clientOf(ctx, denial.address) };
    const key = JSON.stringify([ctx.workspace, ctx.principal.id, subject]);
    await intakeOf(ctx).note({ key, ctx, event: { type: 'access.denied', subject } });
  } catch (error) {
    ctx.log.error('a denial is not in the audit log yet', { ...denial, reason: String(error) });
  }
}
