import type { CairnEvent } from '../../shared/events/index.ts';
import type { JsonObject, TestServer } from '../support/server.ts';

export type Answer = { readonly status: number; readonly body: JsonObject; readonly etag: string | null };

/** Changes an endpoint, with `If-Match` where an etag is given. */
export async function patch(
  server: TestServer,
  name: string,
  change: unknown,
  ifMatch?: string,
): Promise<Answer> {
  return answerOf(
    await server.fetch(`/api/v1/endpoints/${name}`, {
      method: 'PATCH',
      headers: {
        'content-type': 'application/json',
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      body: JSON.stringify(change),
    }),
  );
}

export async function get(server: TestServer, name: string): Promise<Answer> {
  return answerOf(await server.fetch(`/api/v1/endpoints/${name}`));
}

async function answerOf(response: Response): Promise<Answer> {
  const body = (await response.json()) as JsonObject;
  return { status: response.status, body, etag: response.headers.get('etag') };
}

/** The events of an endpoint, oldest first. */
export async function eventsOf({ ctx }: TestServer, endpoint: string): Promise<CairnEvent[]> {
  const found = await ctx.stores.documents('endpoints').query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate: `endpoint/${endpoint}` },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  return found.toSorted((a, b) => a.seq - b.seq);
}
