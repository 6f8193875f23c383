import { randomUUID } from 'node:crypto';
import { parseDefinition } from './definition.ts';
import { CosmosError } from './errors.ts';
import type { PartitionKeyDefinition } from './partition-key.ts';
import { canonical, isObject, type JsonObject } from './query/values.ts';
import { ContainerStore } from './store/container-store.ts';
import type { Database } from './store/database.ts';
import type { StaleReads } from './store/history.ts';
import type { IndexingPolicy } from './store/index-policy.ts';

/** A container: what was declared, and the store of its items. */
export type Container = {
  number: number;
  rid: string;
  id: string;
  databaseId: string;
  partitionKey: PartitionKeyDefinition;
  indexingPolicy: IndexingPolicy;
  uniqueKeys: { paths: string[] }[];
  defaultTtl: number | undefined;
  throughput: number | undefined;
  /** The resource as clients read it. */
  resource: JsonObject;
  store: ContainerStore;
};

type DatabaseRow = { number: number; id: string; body: string };
type ContainerRow = { number: number; database: number; id: string; body: string; throughput: number | null };

/** The databases and containers of the account. */
export class Catalog {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #staleReads: StaleReads | undefined;
  readonly #containers = new Map<string, Container>();

  constructor(db: Database, now: () => number, staleReads: StaleReads | undefined) {
    this.#db = db;
    this.#now = now;
    this.#staleReads = staleReads;
    db.exec(`
      CREATE TABLE IF NOT EXISTS databases (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS containers (
        number INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        throughput INTEGER, UNIQUE (database, id)
      );
    `);
  }

  databases(): JsonObject[] {
    return this.#db.all<DatabaseRow>('SELECT * FROM databases ORDER BY number').map(parse);
  }

  database(id: string): JsonObject {
    return parse(this.#databaseRow(id));
  }

  createDatabase(input: unknown): JsonObject {
    const id = resourceId(input, 'database');
    if (this.#db.get('SELECT 1 FROM databases WHERE id = ?', id)) {
      throw new CosmosError(409, `A database with the id '${id}' already exists.`);
    }
    return this.#db.transaction(() => {
      const number = this.#db.get<{ number: number }>(
        `INSERT INTO databases (id, body) VALUES (?, '') RETURNING number`,
        id,
      )?.number as number;
      const rid = databaseRid(number);
      const body = { id, ...this.#system(rid, `dbs/${rid}/`), _colls: 'colls/', _users: 'users/' };
      this.#db.run('UPDATE databases SET body = ? WHERE number = ?', JSON.stringify(body), number);
      return body;
    });
  }

  deleteDatabase(id: string): void {
    const { number } = this.#databaseRow(id);
    for (const container of this.containers(id)) this.deleteContainer(id, container.id);
    this.#db.run('DELETE FROM databases WHERE number = ?', number);
  }

  containers(databaseId: string): Container[] {
    const { number } = this.#databaseRow(databaseId);
    const rows = this.#db.all<ContainerRow>(
      'SELECT * FROM containers WHERE database = ? ORDER BY number',
      number,
    );
    return rows.map((row) => this.container(databaseId, row.id));
  }

  container(databaseId: string, id: string): Container {
    const name = `${databaseId}/${id}`;
    const known = this.#containers.get(name);
    if (known) return known;
    const row = this.#findContainer(this.#databaseRow(databaseId).number, id);
    if (!row) throw new CosmosError(404, `There is no container '${id}' in the database '${databaseId}'.`);
    const container = this.#load(databaseId, row);
    this.#containers.set(name, container);
    return container;
  }

  createContainer(databaseId: string, input: unknown, throughput: number | undefined): Container {
    const database = this.#databaseRow(databaseId);
    const id = resourceId(input, 'container');
    if (this.#findContainer(database.number, id)) {
      throw new CosmosError(409, `A container with the id '${id}' already exists in '${databaseId}'.`);
    }
    const definition = parseDefinition(input as JsonObject, id);
    this.#db.transaction(() => {
      const number = this.#db.get<{ number: number }>(
        `INSERT INTO containers (database, id, body, throughput) VALUES (?, ?, '', ?) RETURNING number`,
        database.number,
        id,
        throughput ?? null,
      )?.number as number;
      this.#writeContainer(database.number, number, definition);
      ContainerStore.create(this.#db, number);
    });
    return this.container(databaseId, id);
  }

  /** Replaces what may change: indexing policy and time to live. */
  replaceContainer(databaseId: string, id: string, input: unknown): Container {
    const container = this.container(databaseId, id);
    if (resourceId(input, 'container') !== id)
      throw new CosmosError(400, 'The id of a container cannot change.');
    const definition = parseDefinition(input as JsonObject, id);
    for (const field of ['partitionKey', 'uniqueKeyPolicy'] as const) {
      if (canonical(definition[field]) !== canonical(container.resource[field])) {
        throw new CosmosError(400, `The ${field} of a container cannot change; create another container.`);
      }
    }
    const { number: database } = this.#databaseRow(databaseId);
    const policy = definition['indexingPolicy'] as IndexingPolicy;
    this.#db.transaction(() => {
      this.#writeContainer(database, container.number, definition);
      if (canonical(definition['indexingPolicy']) !== canonical(container.resource['indexingPolicy'])) {
        container.store.reindex(policy);
      }
    });
    this.#containers.delete(`${databaseId}/${id}`);
    return this.container(databaseId, id);
  }

  deleteContainer(databaseId: string, id: string): void {
    const container = this.container(databaseId, id);
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM containers WHERE number = ?', container.number);
      container.store.drop();
    });
    this.#containers.delete(`${databaseId}/${id}`);
  }

  setThroughput(container: Container, throughput: number): void {
    this.#db.run('UPDATE containers SET throughput = ? WHERE number = ?', throughput, container.number);
    container.throughput = throughput;
  }

  #writeContainer(database: number, number: number, definition: JsonObject): void {
    const rid = containerRid(database, number);
    const self = `dbs/${databaseRid(database)}/colls/${rid}/`;
    const body = {
      ...definition,
      ...this.#system(rid, self),
      _docs: 'docs/',
      _sprocs: 'sprocs/',
      _triggers: 'triggers/',
      _udfs: 'udfs/',
      _conflicts: 'conflicts/',
    };
    this.#db.run('UPDATE containers SET body = ? WHERE number = ?', JSON.stringify(body), number);
  }

  #load(databaseId: string, row: ContainerRow): Container {
    const resource = parse(row);
    const indexingPolicy = resource['indexingPolicy'] as IndexingPolicy;
    const store = new ContainerStore(this.#db, row.number, indexingPolicy);
    if (this.#staleReads) store.history.enable(this.#staleReads, this.#now);
    const unique = resource['uniqueKeyPolicy'] as { uniqueKeys: { paths: string[] }[] } | undefined;
    return {
      number: row.number,
      rid: resource['_rid'] as string,
      id: row.id,
      databaseId,
      partitionKey: resource['partitionKey'] as PartitionKeyDefinition,
      indexingPolicy,
      uniqueKeys: unique?.uniqueKeys ?? [],
      defaultTtl: resource['defaultTtl'] as number | undefined,
      throughput: row.throughput ?? undefined,
      resource,
      store,
    };
  }

  #databaseRow(id: string): DatabaseRow {
    const row = this.#db.get<DatabaseRow>('SELECT * FROM databases WHERE id = ?', id);
    if (!row) throw new CosmosError(404, `There is no database '${id}'.`);
    return row;
  }

  #findContainer(database: number, id: string): ContainerRow | undefined {
    return this.#db.get<ContainerRow>('SELECT * FROM containers WHERE database = ? AND id = ?', database, id);
  }

  #system(rid: string, self: string): JsonObject {
    return { _rid: rid, _self: self, _etag: `"${randomUUID()}"`, _ts: Math.floor(this.#now() / 1000) };
  }
}

/** The `_rid` of an item: 16 bytes, the container's eight and then the item's number, lowest byte first. */
export function itemRid(container: Container, seq: number): string {
  const bytes = Buffer.alloc(16);
  Buffer.from(container.rid.replaceAll('-', '/'), 'base64').copy(bytes);
  bytes.writeBigUInt64LE(BigInt(seq), 8);
  return encodeRid(bytes);
}

function databaseRid(number: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return encodeRid(bytes);
}

function containerRid(database: number, number: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(database);
  bytes.writeUInt32BE((number | 0x8000_0000) >>> 0, 4);
  return encodeRid(bytes);
}

/** Base64, with `-` for `/` so that it can stand in a URL. */
function encodeRid(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('/', '-');
}

function parse(row: { body: string }): JsonObject {
  return JSON.parse(row.body) as JsonObject;
}

function resourceId(input: unknown, kind: string): string {
  const id = isObject(input) ? input['id'] : undefined;
  if (typeof id !== 'string' || id === '' || id.length > 255 || /[/\\?#]/.test(id)) {
    throw new CosmosError(400, `The id of a ${kind} must be 1 to 255 characters without / \\ ? #.`);
  }
  return id;
}
