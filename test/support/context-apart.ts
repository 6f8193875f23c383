import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type TestContext, testContext } from './context.ts';

/**
 * A context on real stores of its own, with temporary files in a folder of its own: copies that another process made
 * of the same models would answer where a test takes files away.
 */
export async function contextApart(): Promise<TestContext> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-context-'));
  vi.stubEnv('TMPDIR', folder);
  const context = await testContext();
  return {
    ctx: context.ctx,
    async close() {
      await context.close();
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    },
  };
}
