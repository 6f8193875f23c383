import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import { type ContainerName, containers } from '../../shared/resources.ts';
import { samples } from './samples.ts';
import { type Caller, type GuardedServer, guardedServer } from './support.ts';
import { makeWorld, type World } from './world.ts';

/** Words and a number that are nowhere unless a body put them there. */
const word = 'planted-by-a-body';
const number = 987_654_321;

/** What documents hold and no caller decides: who did what where, what a thing is, and how far it has come. */
const planted: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(
    [
      ...['workspace', 'in_workspace', 'inWorkspace', 'actor', 'by', 'author', 'principal', 'principal_id'],
      ...['principalId', 'user', 'user_id', 'userId', 'owner', 'created_by', 'createdBy', 'requested_by'],
      ...['requestedBy', 'granted_by', 'grantedBy', 'id', '_id', '_self', 'etag', '_etag', 'type', 'kind'],
      ...['status', 'state', 'stage', 'lifecycle_stage', 'modelId', 'experimentId', 'runId', 'jobId'],
      ...['webhookId', 'storageLocation', 'artifact_location', 'password', 'hash', 'secret', 'token'],
    ].map((name) => [name, word]),
  ),
  ...Object.fromEntries(
    ['seq', 'v', 'ttl', '_ts', 'created_at', 'createdAt', 'updated_at', 'nextVersion', 'next'].map((name) => [
      name,
      number,
    ]),
  ),
  approvals: [{ by: word, at: number, comment: word }],
  override: { by: word, at: number, reason: word, gates: [] },
  judged: { gates: [], note: word },
  inspection: { state: 'ready', reason: word },
  stable: { version: number, digest: word },
  signing: { keyId: word },
  lifecycle: { stage: 'deleted', at: number },
  subjects: [word],
  is_admin: true,
};

const changing = surfaces.flatMap(({ routes }) =>
  routes.filter(({ method, path }) => method !== 'GET' && !path.startsWith('/ajax-api/')),
);

/** The fields that a route takes, as its schema says. */
function fieldsOf(input: z.ZodType | undefined): string[] {
  if (!input) return [];
  return Object.keys(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }).properties ?? {});
}

/** What of this callers do decide, where they may call the route at all. */
const theirs: Readonly<Record<string, readonly string[]>> = {
  'POST runs/create': ['user_id'],
  'POST runs/update': ['status'],
  'PATCH logged-models/{model_id}': ['status'],
  'POST experiments/create': ['artifact_location'],
  'POST model-versions/transition-stage': ['stage'],
  'POST createPromotion': ['stage'],
  'POST webhooks': ['secret', 'status'],
  'PATCH webhooks/{webhook_id}': ['secret', 'status'],
  // A training says how it ended.
  'POST reportRetraining': ['status'],
  // Who is known here, and what they may do, is what admins decide.
  'POST createPrincipal': ['id', 'kind'],
  'POST createGrant': ['workspace'],
  'POST create-token': ['principal'],
  'POST users/create': ['password'],
  'PATCH users/update-password': ['password'],
  'PATCH users/update-admin': ['is_admin'],
};

/** Requests that are in no sample, beside those that make the world: valid, but for what is planted in them. */
const others: readonly (readonly [key: string, path: string, body: (w: World) => object])[] = [
  ['POST experiments/create', '/api/2.0/mlflow/experiments/create', () => ({ name: 'new' })],
  [
    'POST experiments/set-experiment-tag',
    '/api/2.0/mlflow/experiments/set-experiment-tag',
    (w) => ({ experiment_id: w.experiment, key: 'a', value: 'b' }),
  ],
  ['POST runs/create', '/api/2.0/mlflow/runs/create', (w) => ({ experiment_id: w.experiment })],
  ['POST runs/update', '/api/2.0/mlflow/runs/update', (w) => ({ run_id: w.run, run_name: 'other' })],
  [
    'POST runs/log-metric',
    '/api/2.0/mlflow/runs/log-metric',
    (w) => ({ run_id: w.run, key: 'k', value: 1, timestamp: 1 }),
  ],
  [
    'POST runs/log-parameter',
    '/api/2.0/mlflow/runs/log-parameter',
    (w) => ({ run_id: w.run, key: 'p', value: '1' }),
  ],
  ['POST runs/set-tag', '/api/2.0/mlflow/runs/set-tag', (w) => ({ run_id: w.run, key: 't', value: '1' })],
  [
    'POST runs/log-batch',
    '/api/2.0/mlflow/runs/log-batch',
    (w) => ({ run_id: w.run, params: [{ key: 'q', value: '1', by: word }] }),
  ],
  [
    'POST logged-models',
    '/api/2.0/mlflow/logged-models',
    (w) => ({ experiment_id: w.experiment, name: 'logged' }),
  ],
  ['POST registered-models/create', '/api/2.0/mlflow/registered-models/create', () => ({ name: 'new' })],
  [
    'POST webhooks',
    '/api/2.0/mlflow/webhooks',
    () => ({
      name: 'new',
      url: 'https://example.com/new',
      events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED', by: word }],
    }),
  ],
  ['POST createPrincipal', '/api/v1/access/principals', () => ({ name: 'new', kind: 'user' })],
  ['POST create-token', '/api/v1/tokens', () => ({ name: 'new' })],
  [
    'POST receiveAlerts',
    '/api/v1/alertmanager',
    () => ({
      version: '4',
      groupKey: '{}:{}',
      alerts: [
        { status: 'firing', labels: { alertname: 'Down' }, startsAt: '2026-01-01T00:00:00Z', by: word },
      ],
    }),
  ],
  ['POST createWorkspace', '/api/v1/workspaces', () => ({ name: 'new' })],
];

describe('the table of routes', () => {
  test('takes from a body nothing that says who did it, where, or how far it has come, but what stands here', () => {
    const taken = changing.flatMap(({ method, operation, path, input }) => {
      const fields = fieldsOf(input).filter(
        (name) => Object.hasOwn(planted, name) && !new RegExp(`\\{${name}\\*?\\}`).test(path),
      );
      return fields.length > 0 ? [[`${method} ${operation}`, fields] as const] : [];
    });
    const sorted = taken.map(([key, fields]) => [key, fields.toSorted()] as const);
    expect(Object.fromEntries(sorted)).toEqual(theirs);
  });
});

describe('what is planted in the body of a request', () => {
  let server: GuardedServer;
  let root: Caller;
  let world: World;
  beforeAll(async () => {
    server = await guardedServer();
    root = server.as(`Bearer ${server.adminToken}`);
    world = await makeWorld(server, server.ctx, root, 'omega');
  }, 120_000);
  afterAll(() => server.close());

  /** Every document there is. */
  async function all(): Promise<string[]> {
    const found: string[] = [];
    for (const name of Object.keys(containers) as ContainerName[]) {
      const docs = await server.ctx.stores
        .documents(name)
        .query({ text: 'SELECT * FROM c' }, { consistency: 'strong' });
      found.push(...docs.map((doc) => JSON.stringify(doc)));
    }
    return found;
  }

  /** The body with all that is planted, but for what the route takes from callers. */
  function withPlanted(key: string, body: object): object {
    const route = changing.find(({ method, operation }) => `${method} ${operation}` === key);
    const fields = new Set(fieldsOf(route?.input));
    return { ...Object.fromEntries(Object.entries(planted).filter(([name]) => !fields.has(name))), ...body };
  }

  test('is refused, or not there afterwards: nothing in the store has a word of it', async () => {
    const calls = [
      ...others.map(([key, path, body]) => ({ key, path, body: body(world) })),
      ...Object.entries(samples)
        .filter(([key]) => !key.startsWith('GET'))
        // What takes things away comes when they have been changed.
        .toSorted(([a], [b]) => Number(isLast(a)) - Number(isLast(b)))
        .map(([key, sample]) => ({ key, path: sample(world).path, body: sample(world).body ?? {} })),
    ];
    const answers: [string, number][] = [];
    for (const { key, path, body } of calls) {
      const [method = ''] = key.split(' ');
      answers.push([key, (await root(method, path, withPlanted(key, body))).status]);
    }
    await server.drain();
    expect(answers.filter(([, status]) => status >= 500)).toEqual([]);
    // Half of them take what they know and leave the rest; the others refuse what they do not know.
    expect(answers.filter(([, status]) => status < 300).length).toBeGreaterThan(25);
    expect(answers.filter(([, status]) => status === 400).length).toBeGreaterThan(10);
    const documents = await all();
    expect(documents.length).toBeGreaterThan(50);
    expect(documents.filter((doc) => doc.includes(word) || doc.includes(String(number)))).toEqual([]);
  });

  test('leaves what was made in the name of who made it, in their workspace', async () => {
    const made = await root('GET', '/api/2.0/mlflow/registered-models/get?name=new');
    expect(made.status).toBe(200);
    const documents = await all();
    const kept = documents.map((doc) => JSON.parse(doc) as { workspace: string; event?: { actor: string } });
    expect([...new Set(kept.map(({ workspace }) => workspace))].toSorted()).toEqual(['*', 'default']);
    const actors = new Set(kept.flatMap(({ event }) => event?.actor ?? []));
    expect([...actors].toSorted()).toEqual(['admin', 'cairn']);
  });
});

/** Whether what it names is gone, or goes by another name, after a call. */
function isLast(key: string): boolean {
  return /^DELETE|rename|cancel|reject/.test(key);
}
