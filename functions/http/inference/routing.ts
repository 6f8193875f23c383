import type { Context } from '../../../shared/context.ts';
import { mainOf } from '../../../shared/endpoints/index.ts';
import {
  type Call,
  CairnError,
  type Method,
  type Reference,
  type Route,
} from '../../../shared/http/index.ts';
import { setHeader } from '../../../shared/ledger.ts';
import {
  choose,
  type ExternalTarget,
  keyInHeaders,
  type Live,
  liveOf,
  type Target,
} from '../../../shared/serving/index.ts';

/** The deployment that a call asks for by name, past all shares; the second header is that of Azure Machine Learning. */
export function askedDeployment({ request: { headers } }: Pick<Call, 'request'>): string | undefined {
  return headers.get('x-cairn-deployment') || headers.get('azureml-model-deployment') || undefined;
}

/**
 * What answers a call whose body, where it matters, holds `keyInBody`. Read only where callers are kept by it; a body
 * that cannot be read has no key, and is refused by what answers.
 */
export async function answererOf(
  ctx: Context,
  live: Live,
  call: Call,
  keyInBody: (name: string) => Promise<string | undefined>,
): Promise<Target | ExternalTarget> {
  const { sticky } = live.endpoint;
  const deployment = askedDeployment(call);
  const { version } = call.params;
  const key =
    sticky?.by === 'input' && deployment === undefined
      ? await keyInBody(sticky.name).catch(withoutKey)
      : keyInHeaders(live.endpoint, call.request.headers);
  return from(choose(ctx, live, { deployment, version, key }));
}

function withoutKey(error: unknown): undefined {
  if (error instanceof CairnError) return undefined;
  throw error;
}

/**
 * What tells of an endpoint, the same each time: the version that is asked for, else the stable one of the deployment
 * that is asked for, else of the one that gets most calls.
 */
export function tellerOf(ctx: Context, live: Live, call: Call): Target {
  const deployment = askedDeployment(call) ?? mainOf(live.endpoint)?.name;
  const answering = deployment === undefined ? undefined : live.deployments.get(deployment);
  const isLoaded =
    answering !== undefined && !(answering instanceof CairnError) && answering.kind === 'loaded';
  const stable = isLoaded ? String(answering.stable.ready.version) : undefined;
  const { version = stable } = call.params;
  const asked = askedDeployment(call) ?? (call.params['version'] === undefined ? deployment : undefined);
  return modelOnly(from(choose(ctx, live, { deployment: asked, version })));
}

/** The target where it is a model here. Throws `conflict` where it is elsewhere. */
export function modelOnly(target: Target | ExternalTarget): Target {
  const { deployment, endpoint } = target;
  if (deployment.kind === 'model') return target as Target;
  throw new CairnError(
    'conflict',
    `Deployment '${deployment.name}' of endpoint '${endpoint.name}' is elsewhere; it takes invocations only, at /endpoints/${endpoint.name}/invocations.`,
    { field: 'deployment' },
  );
}

/** Says in the headers of the answer what it is from, also where it is an error. */
function from<T extends Target | ExternalTarget>(target: T): T {
  setHeader('x-cairn-deployment', target.deployment.name);
  if (isModel(target)) setHeader('x-cairn-version', String(target.model.ready.version));
  return target;
}

export function isModel(target: Target | ExternalTarget): target is Target {
  return target.deployment.kind === 'model';
}

/** Whether anything that gets calls can answer them. Throws why nothing can. */
export async function requireAnswer(ctx: Context, name: string): Promise<void> {
  const live = await liveOf(ctx, name);
  const reasons: CairnError[] = [];
  for (const [deployment, share] of Object.entries(live.endpoint.traffic)) {
    const answering = share > 0 ? live.deployments.get(deployment) : undefined;
    if (answering instanceof CairnError) reasons.push(answering);
    else if (answering) return;
  }
  throw reasons[0] ?? new CairnError('unavailable', `Endpoint '${name}' takes no calls: its traffic is 0.`);
}

/** A route to the endpoint `{name}` whose body only its protocol can read. */
export function endpointRoute(
  method: Method,
  path: string,
  operation: string,
  handle: Route['handle'],
  unknown?: Reference['unknown'],
): Route {
  const endpoint: Reference = { field: 'name', names: 'endpoint', ...(unknown ? { unknown } : {}) };
  return { method, path, operation, role: 'viewer', scope: { on: [endpoint] }, handle };
}
