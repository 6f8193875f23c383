import { useQuery } from '@tanstack/react-query';
import { useModelsNamed } from '../endpoints/ModelField.tsx';
import { endpointsQuery } from '../endpoints/queries.ts';
import { covers } from '../session/roles.ts';
import { useSession } from '../session/session.ts';
import type { OwnerName } from './actions.ts';

const foundMax = 8;

/** Endpoints and models whose name has what is typed in it; an endpoint before a model of the same name. */
export function useOwnersNamed(text: string): readonly OwnerName[] {
  const wanted = text.trim().toLowerCase();
  const { data } = useQuery(endpointsQuery);
  const models = useModelsNamed(text);
  const endpoints = (data?.endpoints ?? []).filter(({ name }) => name.toLowerCase().includes(wanted));
  return [
    ...endpoints.slice(0, foundMax).map(({ name }) => ({ type: 'endpoint', name }) as const),
    ...models
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .map(({ name }) => ({ type: 'model', name }) as const),
  ];
}

/** Whether there is anything that the reader may have files scored by. */
export function useMayScore(): boolean {
  const { role, resources } = useSession();
  return (
    covers(role, 'contributor') ||
    resources.some((each) => each.type !== 'experiment' && covers(each.role, 'contributor'))
  );
}

/** The endpoint or the model that an address names. */
export function ownerIn(params: URLSearchParams): OwnerName | undefined {
  for (const type of ['endpoint', 'model'] as const) {
    const name = params.get(type);
    if (name) return { type, name };
  }
  return undefined;
}
