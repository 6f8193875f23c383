import type { Stores } from '../azure/index.ts';
import { type Context, platform } from '../context.ts';
import { CairnError } from '../http/index.ts';

/** What a dependency did when it was asked something small. */
export type Dependency = {
  readonly name: 'documents' | 'blobs' | 'queues' | 'keys';
  readonly ready: boolean;
  /** How long it took to answer. */
  readonly milliseconds: number;
  /** Why it is not ready, and what to do: no address, no key. */
  readonly reason?: string;
};
export type Readiness = { readonly ready: boolean; readonly dependencies: readonly Dependency[] };

/** However often somebody asks, the dependencies are asked once in this time by each instance. */
const keptMilliseconds = 2_000;

const latest = new WeakMap<Stores, { readonly since: number; readonly asked: Promise<Readiness> }>();

/**
 * Whether this instance reaches what it needs: metadata, blobs, queues and, where it signs, its keys. Each is asked
 * by a read that finds nothing and changes nothing, all at once; what takes longer than `millisecondsMax` is not ready.
 * The answer is at most 2 s old.
 */
export function readiness(ctx: Pick<Context, 'stores' | 'log'>, millisecondsMax = 5_000): Promise<Readiness> {
  const { stores } = ctx;
  const known = latest.get(stores);
  if (known && performance.now() - known.since < keptMilliseconds) return known.asked;
  const asked = askAll(ctx, millisecondsMax);
  latest.set(stores, { since: performance.now(), asked });
  return asked;
}

async function askAll(
  { stores, log }: Pick<Context, 'stores' | 'log'>,
  millisecondsMax: number,
): Promise<Readiness> {
  const { keys } = stores;
  const name = `${platform.id}-ready`;
  const dependencies = await Promise.all([
    ask('documents', () => stores.documents('jobs').read([name], name)),
    ask('blobs', () => stores.blobs('artifacts').stat(name)),
    ask('queues', () => stores.queues.backlog('work')),
    ...(keys ? [ask('keys', () => keys.publicKeys())] : []),
  ]);
  return { ready: dependencies.every(({ ready }) => ready), dependencies };

  async function ask(dependency: Dependency['name'], read: () => Promise<unknown>): Promise<Dependency> {
    const since = performance.now();
    const taken = () => Math.round(performance.now() - since);
    try {
      await inTime(read(), millisecondsMax);
      return { name: dependency, ready: true, milliseconds: taken() };
    } catch (error) {
      log.warn('a dependency is not ready', { dependency, error: String(error) });
      return { name: dependency, ready: false, milliseconds: taken(), reason: reasonOf(error) };
    }
  }
}

async function inTime(read: Promise<unknown>, millisecondsMax: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CairnError('unavailable', `No answer within ${millisecondsMax / 1000} s.`)),
      millisecondsMax,
    );
  });
  await Promise.race([read, late]).finally(() => clearTimeout(timer));
}

function reasonOf(error: unknown): string {
  if (error instanceof CairnError) return error.message;
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  const status = statusCode ?? code;
  if (status === 401 || status === 403)
    return `It refuses the identity of the app (${status}): a role is missing, or was granted minutes ago and is not in force yet.`;
  if (status === 404) return 'It is not there (404): deploy infra/ again, which makes what is missing.';
  return `It failed${status === undefined ? '' : ` (${String(status)})`}; the log of the app says how.`;
}
