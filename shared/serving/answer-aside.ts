import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { fileOf } from '../execution/index.ts';
import { CairnError } from '../http/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { type Answered, askAside, type Tensors } from '../sessions/index.ts';
import { type Roles, rolesOf } from '../predictions/index.ts';

/** As long as a promotion may hold up what else waits in the queue. */
const millisecondsMax = 120_000;

/**
 * What a version answers to batches of rows, in a process of its own: nobody looks on while it does so, so a
 * model that crashes on some row, or never ends, would take this process with it each time it is tried again.
 * Throws `conflict` where it does not answer.
 */
export async function answerAside(
  ctx: Context,
  ready: VersionReady,
  batches: readonly Tensors[],
): Promise<{ readonly roles: Roles | null; readonly answers: Answered['answers'] }> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-answers-'));
  try {
    const { served } = ready;
    const model = join(folder, 'model');
    await writeFile(model, await fileOf(ctx, ready, served));
    const external: { path: string; file: string }[] = [];
    for (const [at, each] of served.external.entries()) {
      const file = join(folder, String(at));
      await writeFile(file, await fileOf(ctx, ready, each));
      external.push({ path: each.path, file });
    }
    const asked = await askAside({ folder, model, external }, batches, { millisecondsMax });
    if (asked.outcome === 'answered')
      return { roles: rolesOf(asked.outputs, ready.labels), answers: asked.answers };
    const { step, reason, detail } = asked;
    ctx.log.warn('model did not answer', { digest: ready.digest, step, detail });
    throw new CairnError('conflict', `Version ${ready.version} does not answer to these rows: ${reason}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
