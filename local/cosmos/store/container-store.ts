import { randomBytes } from 'node:crypto';
import { effectivePartitionKey, type EpkRange, type PartitionKey, partitionKey } from '../partition-key.ts';
import type { JsonObject } from '../query/values.ts';
import type { Database, SqlValue } from './database.ts';
import { History } from './history.ts';
import type { IndexingPolicy } from './index-policy.ts';
import { IndexTable } from './index-table.ts';

/** An item as the store keeps it. `body` is the whole JSON text, system properties included. */
export type ItemRow = {
  /** Never changes while the item lives, and grows with time: the order of a query without ORDER BY. */
  seq: number;
  /** The id of the first level of the partition key, see {@link ContainerStore.partOf}. */
  part: number;
  pk: string;
  id: string;
  body: string;
  etag: string;
  /** The second of the last write. */
  ts: number;
  /** The commit of the last write. */
  lsn: number;
  ttl: number | null;
};

/** How many numbers are taken from the database at once; a crash loses at most so many. */
const RESERVE = 1000;

/** Items and index of one container. */
export class ContainerStore {
  readonly #db: Database;
  readonly number: number;
  readonly history = new History();
  readonly index: IndexTable;
  /** The statements of every request, each one text that is made once. */
  readonly #sql: { get: string; bySeq: string; insert: string };
  #parts = new Map<string, number>();
  #epks = new Map<number, string>();
  #next = 0;
  #reserved = 0;
  #lsn = 0;
  #writes = 0;
  /** Tells the etags of this opening of the container from those of another. */
  readonly #salt = randomBytes(6).toString('hex');

  constructor(db: Database, number: number, policy: IndexingPolicy) {
    this.#db = db;
    this.number = number;
    this.index = new IndexTable(db, number, policy);
    this.#sql = {
      get: `SELECT * FROM items_${number} WHERE pk = ? AND id = ?`,
      bySeq: `SELECT * FROM items_${number} WHERE seq = ?`,
      insert: `INSERT INTO items_${number} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    };
    const row = db.get<{ reserved: number }>(`SELECT reserved FROM counters_${number}`);
    this.#next = row?.reserved ?? 1;
    this.#reserved = this.#next;
    this.#lsn = this.#next - 1;
  }

  static create(db: Database, number: number): void {
    db.exec(`
      CREATE TABLE items_${number} (
        seq INTEGER PRIMARY KEY, part INTEGER NOT NULL, pk TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        etag TEXT NOT NULL, ts INTEGER NOT NULL, lsn INTEGER NOT NULL, ttl INTEGER
      );
      CREATE UNIQUE INDEX items_${number}_key ON items_${number} (pk, id);
      CREATE INDEX items_${number}_part ON items_${number} (part);
      CREATE INDEX items_${number}_lsn ON items_${number} (lsn, seq);
      CREATE INDEX items_${number}_ttl ON items_${number} (ts + ttl) WHERE ttl IS NOT NULL;
      CREATE TABLE parts_${number} (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE, epk TEXT NOT NULL);
      CREATE INDEX parts_${number}_epk ON parts_${number} (epk);
      CREATE TABLE uniques_${number} (
        pk TEXT, rule INTEGER, value TEXT, item INTEGER, PRIMARY KEY (pk, rule, value)
      ) WITHOUT ROWID;
      CREATE TABLE counters_${number} (reserved INTEGER NOT NULL);
      INSERT INTO counters_${number} VALUES (1);
    `);
    IndexTable.create(db, number);
  }

  drop(): void {
    for (const table of ['items', 'parts', 'paths', 'terms', 'uniques', 'counters']) {
      this.#db.exec(`DROP TABLE ${table}_${this.number}`);
    }
  }

  /** One commit: all that `work` writes under the commit number it is given, or nothing where it throws. */
  transaction<T>(work: (lsn: number) => T): T {
    let lsn = 0;
    try {
      const result = this.#db.transaction(() => {
        lsn = this.allocate();
        return work(lsn);
      });
      this.history.commit(lsn);
      this.#lsn = lsn;
      return result;
    } catch (error) {
      this.history.discard();
      this.#parts.clear();
      this.#epks.clear();
      this.index.forget();
      // The reservation may have been undone with the rest; the numbers themselves are never given again.
      this.#reserved = this.#next;
      throw error;
    }
  }

  /** A value that no write of this container ever had, in the form of the service's etags. */
  nextEtag(): string {
    return `"${(this.#writes++).toString(16).padStart(8, '0')}-0000-0000-0000-${this.#salt}"`;
  }

  /** The last commit. */
  get lsn(): number {
    return this.#lsn;
  }

  /** A number that was never given before, not even by a process that was killed. */
  allocate(): number {
    if (this.#next >= this.#reserved) {
      this.#reserved = this.#next + RESERVE;
      this.#db.run(`UPDATE counters_${this.number} SET reserved = ?`, this.#reserved);
    }
    return this.#next++;
  }

  get(pk: string, id: string): ItemRow | undefined {
    return this.#db.get<ItemRow>(this.#sql.get, pk, id);
  }

  bySeq(seq: number): ItemRow | undefined {
    return this.#db.get<ItemRow>(this.#sql.bySeq, seq);
  }

  /** @returns how many index entries were written */
  insert(row: ItemRow, item: JsonObject): number {
    this.#db.run(
      this.#sql.insert,
      row.seq,
      row.part,
      row.pk,
      row.id,
      row.body,
      row.etag,
      row.ts,
      row.lsn,
      row.ttl,
    );
    this.history.record({ seq: row.seq, pk: row.pk, id: row.id, before: undefined });
    return this.index.add(row, item);
  }

  /** @returns how many index entries were removed or written */
  update(before: ItemRow, row: ItemRow, item: JsonObject): number {
    this.#db.run(
      `UPDATE items_${this.number} SET body = ?, etag = ?, ts = ?, lsn = ?, ttl = ? WHERE seq = ?`,
      row.body,
      row.etag,
      row.ts,
      row.lsn,
      row.ttl,
      row.seq,
    );
    this.history.record({ seq: row.seq, pk: row.pk, id: row.id, before });
    return this.index.change(row, parse(before), item);
  }

  /** @returns how many index entries were removed */
  remove(row: ItemRow): number {
    this.#db.run(`DELETE FROM items_${this.number} WHERE seq = ?`, row.seq);
    this.#db.run(`DELETE FROM uniques_${this.number} WHERE pk = ? AND item = ?`, row.pk, row.seq);
    this.history.record({ seq: row.seq, pk: row.pk, id: row.id, before: row });
    return this.index.remove(row, parse(row));
  }

  /** Claims the values of a unique key. @returns false where another item of the partition has them */
  claimUnique(pk: string, rule: number, value: string, seq: number): boolean {
    const table = `uniques_${this.number}`;
    const owner = this.#db.get<{ item: number }>(
      `SELECT item FROM ${table} WHERE pk = ? AND rule = ? AND value = ?`,
      pk,
      rule,
      value,
    );
    if (owner) return owner.item === seq;
    this.#db.run(`DELETE FROM ${table} WHERE pk = ? AND rule = ? AND item = ?`, pk, rule, seq);
    this.#db.run(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`, pk, rule, value, seq);
    return true;
  }

  /** Writes the index anew for another policy. */
  reindex(policy: IndexingPolicy): void {
    this.index.usePolicy(policy);
    for (const row of this.#db.iterate<ItemRow>(`SELECT * FROM items_${this.number}`)) {
      this.index.add(row, parse(row));
    }
  }

  size(): { items: number; terms: number } {
    const count = (table: string): number =>
      this.#db.get<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}_${this.number}`)?.n ?? 0;
    return { items: count('items'), terms: count('terms') };
  }

  /**
   * Items whose time to live is over, some at a time: those with their own, and the oldest of those that have the
   * container's.
   */
  expired(defaultTtl: number, nowSeconds: number, most: number): ItemRow[] {
    const table = `items_${this.number}`;
    const own = this.#db.all<ItemRow>(
      `SELECT * FROM ${table} WHERE ttl IS NOT NULL AND ts + ttl <= ? AND ttl > 0 LIMIT ?`,
      nowSeconds,
      most,
    );
    if (defaultTtl <= 0) return own;
    // Commits and seconds grow together, so the oldest commits are the first to expire.
    const oldest = this.#db.all<ItemRow>(`SELECT * FROM ${table} ORDER BY lsn, seq LIMIT ?`, most);
    return [...own, ...oldest.filter(({ ts, ttl }) => ttl === null && ts + defaultTtl <= nowSeconds)];
  }

  /** Removes every item. Numbers that were given are not given again. */
  clear(): void {
    this.transaction(() => {
      for (const table of ['items', 'terms', 'uniques']) this.#db.exec(`DELETE FROM ${table}_${this.number}`);
    });
  }

  /** The id of the first level of a partition key, or undefined where no item ever had it. */
  findPart(key: PartitionKey): number | undefined {
    const value = partitionKey(key.components.slice(0, 1)).text;
    const known = this.#parts.get(value);
    if (known !== undefined) return known;
    const row = this.#db.get<{ id: number }>(`SELECT id FROM parts_${this.number} WHERE value = ?`, value);
    if (row) this.#parts.set(value, row.id);
    return row?.id;
  }

  /** The id of the first level of a partition key; a new one is written. */
  partOf(key: PartitionKey): number {
    const known = this.findPart(key);
    if (known !== undefined) return known;
    const first = key.components.slice(0, 1);
    const { text } = partitionKey(first);
    const row = this.#db.get<{ id: number }>(
      `INSERT INTO parts_${this.number} (value, epk) VALUES (?, ?) RETURNING id`,
      text,
      effectivePartitionKey(first),
    );
    const id = row?.id as number;
    this.#parts.set(text, id);
    return id;
  }

  /** The hash of the first level of a partition key. */
  epkOfPart(part: number): string {
    let epk = this.#epks.get(part);
    if (epk === undefined) {
      epk =
        this.#db.get<{ epk: string }>(`SELECT epk FROM parts_${this.number} WHERE id = ?`, part)?.epk ?? '';
      this.#epks.set(part, epk);
    }
    return epk;
  }

  all<T>(sql: string, ...values: SqlValue[]): T[] {
    return this.#db.all<T>(sql, ...values);
  }

  iterate<T>(sql: string, ...values: SqlValue[]): Iterable<T> {
    return this.#db.iterate<T>(sql, ...values);
  }
}

/** True where the hash of an item's whole partition key lies in a range. */
export function isInRange(epk: string, { min, max }: EpkRange): boolean {
  return epk >= min && epk < max;
}

function parse(row: ItemRow): JsonObject {
  return JSON.parse(row.body) as JsonObject;
}
