import type { Context } from '../../shared/context.ts';
import {
  type Endpoint,
  getEndpoint,
  type ModelDeployment,
  type Rollout,
} from '../../shared/endpoints/index.ts';
import { advanceRollouts } from '../../shared/rollouts/index.ts';
import { type Answered, countCall, flushSummaries } from '../../shared/summaries/index.ts';
import type { TestServer } from '../support/server.ts';
import { classifier, publish } from '../serving/support.ts';

export const minute = 60_000;

/** The policy of the endpoints that {@link rolling} makes. */
export const policy = { plan: [10, 50, 100], hold_seconds: 120, guards: { requests_min: 50 } };

/** An endpoint on version 1 of a model of the same name, whose alias has been moved to version 2. */
export async function rolling(server: TestServer, name: string): Promise<Rollout> {
  await publish(server, name, classifier());
  const body = { name, model: name, alias: 'champion', rollout: policy };
  const { status } = await server.call('POST', '/api/v1/endpoints', body);
  if (status !== 201) throw new Error(`Endpoint ${name} was not made.`);
  await publish(server, name, classifier(1));
  const { rollout } = await deploymentOf(server.ctx, name);
  if (!rollout) throw new Error(`No rollout of ${name} has begun.`);
  return rollout;
}

export async function deploymentOf(ctx: Context, endpoint: string): Promise<ModelDeployment> {
  const [main] = (await getEndpoint(ctx, endpoint)).deployments;
  if (main?.kind === 'model') return main;
  throw new Error(`${endpoint} has no model deployment.`);
}

export const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

type Calls = { readonly stable?: number; readonly canary?: number; readonly failing?: number };

/** Calls of either version in each of some minutes since the step began, `failing` of the canary's besides. */
export async function calls(
  ctx: Context,
  endpoint: string,
  { from, to, since }: Rollout,
  { stable = 100, canary = 100, failing = 0 }: Calls = {},
  minutes = 4,
): Promise<void> {
  const ok = { status: 200, rows: 1, latencyMicros: 1_000, score: 100_001 };
  for (let i = 0; i < minutes; i++) {
    const then = at(ctx, since + i * minute);
    const count = (by: Pick<Answered, 'variant' | 'version' | 'digest'>, times: number, call: typeof ok) => {
      for (let n = 0; n < times; n++) countCall(then, endpoint, { deployment: 'main', ...by }, call);
    };
    count({ variant: 'stable', ...from }, stable, ok);
    count({ variant: 'canary', ...to }, canary, ok);
    count({ variant: 'canary', ...to }, failing, { ...ok, status: 500, rows: 0 });
  }
  await flushSummaries(ctx.stores);
}

/** A look at an endpoint's rollouts, so many minutes after the step began. */
export async function lookAfter(
  ctx: Context,
  endpoint: string,
  { since }: Rollout,
  minutes = 5,
): Promise<void> {
  await advanceRollouts(at(ctx, since + minutes * minute), { endpoint });
}

/** What is on the agenda for an endpoint's rollouts. */
export async function watched(ctx: Context, endpoint: string): Promise<boolean> {
  const stored = await ctx.stores
    .documents('jobs')
    .read<{ id: string; type: string; v: number; workspace: string; entries: Record<string, unknown> }>(
      ['agenda'],
      'agenda',
    );
  return Object.hasOwn(stored?.doc.entries ?? {}, `rollout:default:${endpoint}`);
}

/** The types of the events of an endpoint, in order. */
export async function eventsOf(ctx: Context, { name, seq }: Endpoint): Promise<string[]> {
  const types: string[] = [];
  for (let n = 1; n <= seq; n++) {
    const id = `event:endpoint:${name}:${String(n).padStart(8, '0')}`;
    const stored = await ctx.stores
      .documents('endpoints')
      .read<{ id: string; type: string; v: number; workspace: string; event: { type: string } }>(
        [ctx.workspace],
        id,
      );
    types.push(stored?.doc.event.type ?? 'none');
  }
  return types;
}
