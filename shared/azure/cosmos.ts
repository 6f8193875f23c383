import { pathToFileURL } from 'node:url';
import {
  type Container,
  type ContainerDefinition,
  CosmosClient,
  type CosmosClientOptions,
  type IndexingPolicy,
  type OperationInput,
  type PartitionKey,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
  type QueryIterator,
  type SqlParameter,
} from '@azure/cosmos';
import type { Document, Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { type ContainerDeclaration, type ContainerName, containers, cosmosDatabase } from '../resources.ts';
import type { Settings } from '../settings.ts';
import { currentSpan, inSpan } from '../telemetry/index.ts';
import { credential } from './identity.ts';

/** Values of a (hierarchical) partition key, first level first. */
export type Key = readonly string[];

type Body = Document & Readonly<Record<string, unknown>>;

export type Write =
  | { readonly op: 'create'; readonly doc: Body }
  | { readonly op: 'replace'; readonly doc: Body; readonly etag: string }
  | { readonly op: 'delete'; readonly id: string; readonly etag: string };

/**
 * What became of a write or an atomic batch: applied as a whole, or not at all because the operation
 * at index `at` met an existing item, a newer etag, or no item.
 */
export type Outcome =
  | { readonly outcome: 'applied'; readonly etags: readonly string[] }
  | { readonly outcome: 'exists' | 'changed' | 'missing'; readonly at: number };

export type Query = {
  readonly text: string;
  readonly values?: Readonly<Record<string, SqlParameter['value']>>;
};
export type QueryOptions = {
  /** Confines the query to one partition (or one prefix of a hierarchical key). Always pass it where it is known. */
  readonly key?: Key;
  readonly limit?: number;
  /** Lists and search read Eventual, which costs half; pass `strong` where the answer decides a write. */
  readonly consistency?: 'strong' | 'eventual';
};

/** Requests and request units since the process began, for benchmarks and budgets. */
export type Meter = { requests: number; requestUnits: number };

const readTries = 4;
/** What OpenTelemetry calls the request units of an operation. */
const requestCharge = 'azure.cosmosdb.operation.request_charge';
const pageRowsMax = 1000;
/** https://learn.microsoft.com/azure/cosmos-db/concepts-limits */
const idBytesMax = 1023;
const keyBytesMax = 2048;

/** One Cosmos DB container. Every write is create-only or conditional on an etag. */
export class DocumentContainer {
  readonly #container: Container;
  readonly #meter: Meter;

  constructor(container: Container, meter: Meter) {
    this.#container = container;
    this.#meter = meter;
  }

  /** A point read: the item and its etag, or `undefined`, also for a key or id that no item can have. */
  async read<T extends Document>(key: Key, id: string): Promise<Stored<T> | undefined> {
    if (!isPossible(key, id)) return undefined;
    const response = await this.#reading('read', () => this.#container.item(id, keyOf(key)).read());
    if (response.statusCode === 404 || !response.resource) return undefined;
    return { doc: stripSystem<T>(response.resource as Record<string, unknown>), etag: response.etag };
  }

  /** One create-only or conditional write. */
  async write(key: Key, write: Write): Promise<Outcome> {
    return this.batch(key, [write]);
  }

  /** Writes that succeed or fail as a whole; all in one partition, at most 100 and 2 MB. */
  async batch(key: Key, writes: readonly Write[]): Promise<Outcome> {
    const response = await this.#traced('batch', async () => {
      const done = await this.#guarded(() =>
        this.#container.items.batch(writes.map(operationOf), keyOf(key)),
      );
      this.#count(Number(done.headers['x-ms-request-charge'] ?? 0));
      return done;
    });
    const results = response.result ?? [];
    const at = results.findIndex((r) => r.statusCode >= 400 && r.statusCode !== 424);
    const status = results[at]?.statusCode;
    if (at < 0) return { outcome: 'applied', etags: results.map((r) => r.eTag ?? '') };
    switch (status) {
      case 409:
        return { outcome: 'exists', at };
      case 412:
        return { outcome: 'changed', at };
      case 404:
        return { outcome: 'missing', at };
      default:
        throw failureOf(status, undefined);
    }
  }

  /** All rows of a query, up to `limit`. */
  async query<T>(query: Query, options: QueryOptions = {}): Promise<T[]> {
    const rows: T[] = [];
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    for await (const page of this.pages<T>(query, options)) {
      rows.push(...page);
      if (rows.length >= limit) break;
    }
    return rows.length > limit ? rows.slice(0, limit) : rows;
  }

  /** The rows of a query one by one, a page at a time in memory. */
  async *stream<T>(query: Query, options: QueryOptions = {}): AsyncGenerator<T> {
    for await (const page of this.pages<T>(query, options)) yield* page;
  }

  /** The rows of a query as they come, `limit` being what the caller expects to need: there may be more. */
  async *pages<T>(query: Query, options: QueryOptions = {}): AsyncGenerator<T[]> {
    // Within a partition the service needs no plan. It may ask for one of a prefix that spans several ranges.
    let iterator = this.#iterator<T>(query, options);
    if (options.key !== undefined) withoutPlan(iterator);
    while (iterator.hasMoreResults()) {
      try {
        const page = await this.#reading('query', () => iterator.fetchNext());
        if (page.resources !== undefined) yield page.resources.map((row) => documentIn(row));
      } catch (error) {
        if (!(error instanceof PlanWanted)) throw error;
        iterator = this.#iterator<T>(query, options);
      }
    }
  }

  #iterator<T>(query: Query, options: QueryOptions): QueryIterator<T> {
    return this.#container.items.query<T>(
      {
        query: query.text,
        parameters: Object.entries(query.values ?? {}).map(([name, value]) => ({ name: `@${name}`, value })),
      },
      {
        maxItemCount: pageSizeOf(options.limit),
        ...(options.key === undefined ? {} : { partitionKey: keyOf(options.key) }),
        ...(options.consistency === 'strong' ? {} : { consistencyLevel: 'Eventual' }),
      },
    );
  }

  #traced<R>(operation: string, work: () => Promise<R>): Promise<R> {
    const attributes = {
      'db.system.name': 'azure.cosmosdb',
      'db.operation.name': operation,
      'db.collection.name': this.#container.id,
    };
    return inSpan(`${operation} ${this.#container.id}`, 'client', work, attributes);
  }

  /** Reads again what the service could not answer just now; nothing is changed by reading twice. */
  #reading<R extends { requestCharge: number }>(operation: string, read: () => Promise<R>): Promise<R> {
    return this.#traced(operation, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          const response = await this.#guarded(read);
          this.#count(response.requestCharge);
          return response;
        } catch (error) {
          if (attempt === readTries || !(error instanceof CairnError) || error.code !== 'unavailable')
            throw error;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt));
        }
      }
    });
  }

  async #guarded<R>(call: () => Promise<R>): Promise<R> {
    try {
      return await call();
    } catch (error) {
      throw failureOf(codeOf(error), error);
    }
  }

  #count(requestUnits: number): void {
    this.#meter.requests++;
    this.#meter.requestUnits += requestUnits;
    spend('requestUnits', requestUnits);
    const charged = currentSpan()?.attributes;
    if (charged) charged[requestCharge] = Number(charged[requestCharge] ?? 0) + requestUnits;
  }
}

export type DocumentStore = {
  (container: ContainerName): DocumentContainer;
  readonly meter: Meter;
  /** Creates the database and what is missing in it: for the local stack and tests; in Azure `infra/` does. */
  createIfMissing(): Promise<void>;
  close(): Promise<void>;
};

/** What a module named by `CAIRN_COSMOS_TRANSPORT` provides: the wire to a local emulator. */
type TransportModule = {
  createTransport(env: Readonly<Record<string, string | undefined>>): Promise<{
    endpoint: string;
    key: string;
    /** Gives the authorisation of each request in place of a signature by the key. */
    tokenProvider?: NonNullable<CosmosClientOptions['tokenProvider']>;
    httpClient: NonNullable<CosmosClientOptions['httpClient']>;
    close(): Promise<void>;
  }>;
};

/** Connects to the account of the settings. */
export async function openDocuments(settings: Settings): Promise<DocumentStore> {
  const { options, close } = await connection(settings);
  const client = new CosmosClient({ ...options, connectionPolicy: { enableEndpointDiscovery: false } });
  const database = client.database(cosmosDatabase);
  const meter: Meter = { requests: 0, requestUnits: 0 };
  const opened = new Map<ContainerName, DocumentContainer>();
  const open = (name: ContainerName) => {
    let container = opened.get(name);
    if (!container) opened.set(name, (container = new DocumentContainer(database.container(name), meter)));
    return container;
  };
  return Object.assign(open, {
    meter,
    async createIfMissing() {
      await client.databases.createIfNotExists({ id: cosmosDatabase });
      for (const [name, declaration] of Object.entries(containers)) {
        const definition = definitionOf(name, declaration);
        const { resource } = await database.containers.createIfNotExists(definition);
        // An older release declared other indexes, and queries need those of this one.
        if (!hasIndexes(resource, definition)) await database.container(name).replace(definition);
      }
    },
    async close() {
      client.dispose();
      await close();
    },
  });
}

async function connection(
  settings: Settings,
): Promise<{ options: CosmosClientOptions; close: () => Promise<void> }> {
  const { cosmos } = settings;
  const nothing = () => Promise.resolve();
  switch (cosmos.by) {
    case 'identity':
      return { options: { endpoint: cosmos.endpoint, aadCredentials: credential(settings) }, close: nothing };
    case 'key':
      return { options: { endpoint: cosmos.endpoint, key: cosmos.key }, close: nothing };
    case 'transport': {
      const module = (await import(pathToFileURL(cosmos.module).href)) as TransportModule;
      const transport = await module.createTransport(process.env);
      const { endpoint, key, tokenProvider, httpClient } = transport;
      const by = tokenProvider ? { tokenProvider } : { key };
      return { options: { endpoint, ...by, httpClient }, close: () => transport.close() };
    }
  }
}

/** The container as Cosmos DB wants it declared. */
export function definitionOf(id: string, declaration: ContainerDeclaration) {
  return {
    id,
    partitionKey: {
      paths: [...declaration.partitionKey],
      kind: declaration.partitionKey.length > 1 ? PartitionKeyKind.MultiHash : PartitionKeyKind.Hash,
      version: PartitionKeyDefinitionVersion.V2,
    },
    indexingPolicy: {
      indexingMode: 'consistent' as const,
      automatic: true,
      includedPaths: declaration.indexed.map((path) => ({ path })),
      excludedPaths: [{ path: '/*' }],
      compositeIndexes: (declaration.composite ?? []).map((index) => index.map((part) => ({ ...part }))),
    },
    ...(declaration.ttlSeconds === undefined ? {} : { defaultTtl: declaration.ttlSeconds }),
  };
}

type Indexed = Pick<ReturnType<typeof definitionOf>, 'indexingPolicy'>;

/** Whether a container has all indexes that are declared; the service adds some of its own. */
function hasIndexes(found: Partial<ContainerDefinition> | undefined, declared: Indexed): boolean {
  const has = new Set(indexesOf(found?.indexingPolicy ?? {}));
  return indexesOf(declared.indexingPolicy).every((index) => has.has(index));
}

function indexesOf({ includedPaths = [], compositeIndexes = [] }: IndexingPolicy): string[] {
  const composites = compositeIndexes.map((index) =>
    index.map(({ path, order }) => `${path} ${order}`).join(', '),
  );
  return [...includedPaths.map(({ path }) => path), ...composites];
}

function operationOf(write: Write): OperationInput {
  switch (write.op) {
    case 'create':
      return { operationType: 'Create', resourceBody: write.doc as never };
    case 'replace':
      return {
        operationType: 'Replace',
        id: write.doc.id,
        ifMatch: write.etag,
        resourceBody: write.doc as never,
      };
    case 'delete':
      // The service takes a condition on every operation of a batch; the SDK's type knows it of the others only.
      return { operationType: 'Delete', id: write.id, ifMatch: write.etag } as OperationInput;
  }
}

/** What a query fails with that was sent {@link withoutPlan}, and of which the service asks for the plan. */
class PlanWanted extends Error {}

/**
 * Keeps the SDK from asking for the plan of a query beside the query itself, which it does of every one and
 * which doubles the requests: it looks for the plan in this member, and takes an error there as the answer.
 */
function withoutPlan(iterator: QueryIterator<unknown>): void {
  Object.assign(iterator, { queryPlanPromise: Promise.resolve(new PlanWanted()) });
}

/** Rows of each page, such that the last one of a limited query has hardly more than is wanted. */
function pageSizeOf(limit = pageRowsMax): number {
  return Math.ceil(limit / Math.ceil(limit / pageRowsMax));
}

function keyOf(key: Key): PartitionKey {
  return key.length === 1 ? (key[0] ?? '') : [...key];
}

/**
 * Whether an item can have this key and id. Both may come from a caller, and the service refuses what
 * is too long or holds a character of its own paths, rather than not finding it.
 */
function isPossible(key: Key, id: string): boolean {
  const isId = id.isWellFormed() && !/[/\\?#]/.test(id) && Buffer.byteLength(id) <= idBytesMax;
  return isId && Buffer.byteLength(key.join('')) <= keyBytesMax;
}

/** A row as it was written, where it is a whole document; any other row as it is. */
function documentIn<T>(row: T): T {
  return typeof row === 'object' && row !== null && '_rid' in row ? stripSystem<T>(row) : row;
}

function stripSystem<T>(resource: Record<string, unknown>): T {
  const { _rid, _self, _etag, _attachments, _ts, ...doc } = resource;
  return doc as T;
}

/** What the service answered; the SDK wraps the failure of a batch in an error without a code. */
function codeOf(error: unknown): unknown {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return code ?? cause?.code;
}

/** A refusal of the service as our own error; anything unforeseen is passed on as it was. */
function failureOf(code: unknown, cause: unknown): unknown {
  switch (code) {
    case 429:
      return new CairnError('too-many', 'The metadata store is at its throughput limit; try again shortly.', {
        retryAfterSeconds: 1,
        cause,
      });
    case 408:
    case 410:
    case 449:
    case 503:
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ETIMEDOUT':
      return new CairnError('unavailable', 'The metadata store did not answer; try again shortly.', {
        retryAfterSeconds: 1,
        cause,
      });
    case 413:
      return new CairnError('too-large', 'The document would exceed 2 MB, the limit of the metadata store.', {
        cause,
      });
    default:
      return cause ?? new Error(`The metadata store answered ${String(code)}.`);
  }
}
