import { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpClientOver } from '../../local/cosmos/http-client.ts';
import { createEmulator, EMULATOR_ENDPOINT, EMULATOR_KEY } from '../../local/cosmos/index.ts';
import { HEADER, type WireRequest } from '../../local/cosmos/wire.ts';
import { definitionOf, DocumentContainer } from '../../shared/azure/cosmos.ts';
import { cosmosDatabase } from '../../shared/resources.ts';

const emulator = createEmulator({ ranges: 4 });
const sent: ('plan' | 'query' | 'other')[] = [];
const pageSizes: number[] = [];
/** Whether the service answers a query within a partition by its plan, as it may of a prefix of a key. */
let wantsPlan = false;

const client = new CosmosClient({
  endpoint: EMULATOR_ENDPOINT,
  key: EMULATOR_KEY,
  httpClient: httpClientOver((request) => {
    const kind = kindOf(request);
    sent.push(kind);
    if (kind === 'query') pageSizes.push(Number(request.headers[HEADER.maxItemCount]));
    if (!wantsPlan || kind !== 'query') return emulator.send(request);
    const { [HEADER.partitionKey]: _, ...headers } = request.headers;
    return emulator.send({ ...request, headers });
  }),
  connectionPolicy: { enableEndpointDiscovery: false },
});

function kindOf({ headers }: WireRequest): 'plan' | 'query' | 'other' {
  if (headers[HEADER.isQueryPlan] !== undefined) return 'plan';
  return headers[HEADER.isQuery] === undefined ? 'other' : 'query';
}

describe('a query within a partition', () => {
  let documents: DocumentContainer;
  const inOrder = { text: 'SELECT VALUE c.n FROM c WHERE c.a = @a ORDER BY c.n DESC', values: { a: 'x' } };

  beforeAll(async () => {
    const { database } = await client.databases.createIfNotExists({ id: cosmosDatabase });
    const { container } = await database.containers.createIfNotExists(
      definitionOf('plans', { partitionKey: ['/a', '/b'], indexed: ['/a/?', '/n/?'] }),
    );
    documents = new DocumentContainer(container, { requests: 0, requestUnits: 0 });
    for (let n = 0; n < 9; n++)
      for (const a of ['x', 'y'])
        await documents.write([a, `b${n % 3}`], {
          op: 'create',
          doc: { id: `${n}`, type: 't', v: 1, workspace: 'w', a, b: `b${n % 3}`, n },
        });
  });
  beforeEach(() => {
    sent.length = 0;
  });
  afterAll(() => {
    client.dispose();
    emulator.close();
  });

  test('is one request', async () => {
    expect(await documents.query(inOrder, { key: ['x'] })).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(sent).toEqual(['query']);
  });

  test('asks for pages of one size, rather than for a thousand rows and then for a thousand to get one', async () => {
    const asked = async (limit: number) => {
      pageSizes.length = 0;
      await documents.query(inOrder, { key: ['x'], limit });
      return pageSizes;
    };
    expect(await asked(4)).toEqual([4]);
    expect(await asked(1001)).toEqual([501]);
  });

  test('is planned where the service asks for that, and still in its partition', async () => {
    wantsPlan = true;
    expect(await documents.query(inOrder, { key: ['x'] })).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(sent).toContain('plan');
    wantsPlan = false;
  });

  test('across partitions has its plan as ever', async () => {
    expect(await documents.query<number>(inOrder)).toHaveLength(9);
    expect(sent).toContain('plan');
  });
});
