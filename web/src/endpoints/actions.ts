import { cairn } from '../api/client.ts';
import type { Endpoint } from '../api/endpoints.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import { differ, type EndpointBody } from './body.ts';
import { draftOf } from './draft.ts';
import { bodyOf } from './draft-body.ts';
import { endpointPath } from './queries.ts';

/** What somebody wanted to change has been changed by another since they read it. */
export class ChangedMeanwhile extends Error {
  /** As it is now. */
  readonly now: Endpoint;

  constructor(now: Endpoint) {
    super(
      `Another has changed ${now.name} since you began. What they did is kept; nothing of yours was saved yet.`,
    );
    this.name = 'ChangedMeanwhile';
    this.now = now;
  }
}

/** What can be done with endpoints; afterwards whatever shows them is read again. */
export const changeEndpoint = {
  create: (body: Partial<EndpointBody>) => then(cairn.post<Endpoint>('endpoints', { body })),
  update: (base: Endpoint, changes: Partial<EndpointBody>) => then(update(base, changes)),
  remove: async (name: string): Promise<void> => {
    await cairn.delete(endpointPath(name));
    // The page that showed it is left: it is not read any more.
    await queryClient.invalidateQueries({ queryKey: ['endpoints'], refetchType: 'none' });
    readListsAgain();
  },
  /** Ends a rollout before its time: the new version takes over, or the old one stays. */
  endRollout: (name: string, deployment: string, how: 'finish' | 'stop', reason: string) =>
    then(cairn.post(endpointPath(name, 'deployments', deployment, 'rollout', how), { body: { reason } })),
};

/** What turned out to be true of one prediction. */
export async function label(endpoint: string, predictionId: string, value: string | number): Promise<void> {
  await cairn.post('feedback', {
    body: { endpoint, labels: [{ prediction_id: predictionId, label: value }] },
  });
}

/**
 * Changes parts of an endpoint where they are still as in `base`; what others have changed beside them stays. Throws
 * {@link ChangedMeanwhile}.
 */
async function update(base: Endpoint, changes: Partial<EndpointBody>): Promise<Endpoint> {
  const now = await cairn.get<Endpoint>(endpointPath(base.name));
  if (differ(bodyOf(draftOf(base)), bodyOf(draftOf(now)), changes)) throw new ChangedMeanwhile(now);
  return cairn.patch<Endpoint>(endpointPath(base.name), { body: changes, version: now.etag });
}

/** After an answer of either kind: who lost a race shall see who won it. */
async function then<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    readListsAgain();
    await queryClient.invalidateQueries({ queryKey: ['endpoints'] });
  }
}

function readListsAgain(): void {
  setTimeout(
    () => void queryClient.invalidateQueries({ queryKey: ['endpoints'], exact: true }),
    listsLagMilliseconds,
  );
}
