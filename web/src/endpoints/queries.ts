import { queryOptions } from '@tanstack/react-query';
import type { Endpoint, EndpointMetrics } from '../api/endpoints.ts';
import { cairn } from '../api/client.ts';
import type { Schema } from './schema.ts';
import type { Example } from './try.ts';

/** What moves by itself, as a rollout does, is asked for again this often. */
const pollMilliseconds = 5000;

export const endpointsQuery = queryOptions({
  queryKey: ['endpoints'],
  queryFn: ({ signal }) => cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal }),
});

/** One endpoint; asked again while it waits for a version, or one is on its way in. */
export function endpointQuery(name: string) {
  return queryOptions({
    queryKey: ['endpoints', name],
    queryFn: ({ signal }) => cairn.get<Endpoint>(endpointPath(name), { signal }),
    refetchInterval: ({ state: { data } }) => (data && isMoving(data) ? pollMilliseconds : false),
  });
}

/** How an endpoint did from `seconds` ago until now, in windows of `stepSeconds`. */
export function metricsQuery(name: string, seconds: number, stepSeconds: number, isLive = false) {
  return queryOptions({
    queryKey: ['endpoints', name, 'metrics', seconds, stepSeconds],
    queryFn: ({ signal }) => {
      const to = Date.now();
      const query = { from: to - seconds * 1000, to, step_seconds: stepSeconds };
      return cairn.get<EndpointMetrics>(endpointPath(name, 'metrics'), { query, signal });
    },
    refetchInterval: isLive ? 2 * pollMilliseconds : false,
  });
}

/** Below `/api/v1/`: an endpoint, or one of its parts. */
export function endpointPath(name: string, ...rest: readonly string[]): string {
  return ['endpoints', name, ...rest].map(encodeURIComponent).join('/');
}

function isMoving({ status, deployments }: Endpoint): boolean {
  return status === 'waiting' || deployments.some((each) => each.kind === 'model' && each.rollout);
}

/** A call that works with a deployment, and all that may be sent; without one with that which gets most calls. */
export function exampleQuery(name: string, deployment: string) {
  return queryOptions({
    queryKey: ['endpoints', name, 'example', deployment],
    queryFn: async ({ signal }) => {
      const asked = { query: { deployment: deployment === '' ? undefined : deployment }, signal };
      const [example, document] = await Promise.all([
        cairn.get<Example>(endpointPath(name, 'example'), asked),
        cairn.get<OpenApi>(endpointPath(name, 'openapi.json'), asked),
      ]);
      return { example, request: requestOf(document) };
    },
    // What the reader types into stays while they type.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** An endpoint's own OpenAPI document, as far as it is read here. */
type OpenApi = {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post?: {
          readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
        };
      }
    >
  >;
};

/** What MLflow's scoring protocol takes there. */
function requestOf({ paths }: OpenApi): Schema {
  const path = Object.keys(paths).find((each) => each.endsWith('/invocations')) ?? '';
  return paths[path]?.post?.requestBody?.content['application/json']?.schema ?? {};
}

/** Programs that ask an endpoint. */
export function snippetsQuery(name: string) {
  return queryOptions({
    queryKey: ['endpoints', name, 'snippets'],
    queryFn: ({ signal }) =>
      cairn.get<Readonly<Record<'curl' | 'python' | 'typescript', string>>>(endpointPath(name, 'snippets'), {
        signal,
      }),
  });
}
