import { queryOptions } from '@tanstack/react-query';
import type { Endpoint, EndpointMetrics } from '../api/endpoints.ts';
import { cairn } from '../api/client.ts';
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

/** A call that works with a deployment; without one with that which gets most calls. */
export function exampleQuery(name: string, deployment: string) {
  return queryOptions({
    queryKey: ['endpoints', name, 'example', deployment],
    queryFn: ({ signal }) =>
      cairn.get<Example>(endpointPath(name, 'example'), {
        query: { deployment: deployment === '' ? undefined : deployment },
        signal,
      }),
    // What the reader types into stays while they type.
    staleTime: Number.POSITIVE_INFINITY,
  });
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
