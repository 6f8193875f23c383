import type { JsonObject } from '../query/values.ts';
import type { Database } from './database.ts';
import { compilePolicy, type IndexingPolicy, type PolicyNode } from './index-policy.ts';
import { type Composite, compileComposites, type Term, termsOf } from './terms.ts';

/** What an entry is of: an item, and the first level of its partition key. */
type Owner = { seq: number; part: number };

const TERMS_AT_ONCE = 32;

/**
 * The index of one container: one table of (part, path, type, value, item), whatever the policy includes. A new
 * property is a new row, not a new SQL index. The table is clustered by the first level of the partition key, so that
 * a query inside a partition or a partition prefix reads a contiguous span, in the order of the value.
 */
export class IndexTable {
  readonly #db: Database;
  readonly #number: number;
  readonly #paths = new Map<string, number>();
  /** The statement that adds so many entries, by their number. */
  readonly #insert: string[] = [];
  #policy: PolicyNode;
  #composites: Composite[];

  constructor(db: Database, number: number, policy: IndexingPolicy) {
    this.#db = db;
    this.#number = number;
    this.#policy = compilePolicy(policy);
    this.#composites = compileComposites(policy.compositeIndexes ?? []);
  }

  static create(db: Database, number: number): void {
    db.exec(`
      CREATE TABLE paths_${number} (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
      CREATE TABLE terms_${number} (
        part INTEGER, path INTEGER, type INTEGER, value, item INTEGER, PRIMARY KEY (part, path, type, value, item)
      ) WITHOUT ROWID;
    `);
  }

  get policy(): PolicyNode {
    return this.#policy;
  }

  get composites(): readonly Composite[] {
    return this.#composites;
  }

  /** Follows another policy from now on; the entries are the caller's to write anew. */
  usePolicy(policy: IndexingPolicy): void {
    this.#policy = compilePolicy(policy);
    this.#composites = compileComposites(policy.compositeIndexes ?? []);
    this.#db.exec(`DELETE FROM terms_${this.#number}`);
  }

  /** @returns how many entries were written */
  add(owner: Owner, item: JsonObject): number {
    const terms = [...this.#termsOf(item).values()];
    this.#write(owner, terms);
    return terms.length;
  }

  /** @returns how many entries were removed or written */
  change(owner: Owner, before: JsonObject, after: JsonObject): number {
    const old = this.#termsOf(before);
    const terms = this.#termsOf(after);
    const removed = [...old].flatMap(([key, term]) => (terms.has(key) ? [] : [term]));
    const added = [...terms].flatMap(([key, term]) => (old.has(key) ? [] : [term]));
    for (const term of removed) this.#erase(owner, term);
    this.#write(owner, added);
    return removed.length + added.length;
  }

  /** @returns how many entries were removed */
  remove(owner: Owner, item: JsonObject): number {
    const terms = this.#termsOf(item);
    for (const term of terms.values()) this.#erase(owner, term);
    return terms.size;
  }

  /** The number of a path, or undefined where no item ever had a value there. */
  findPath(path: string): number | undefined {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const row = this.#db.get<{ id: number }>(`SELECT id FROM paths_${this.#number} WHERE path = ?`, path);
    if (row) this.#paths.set(path, row.id);
    return row?.id;
  }

  /** Forgets what it knows of the database: a transaction was undone. */
  forget(): void {
    this.#paths.clear();
  }

  #termsOf(item: JsonObject): Map<string, Term> {
    return termsOf(item, this.#policy, this.#composites);
  }

  /** One statement for many entries: an item has a score of them, and each statement has its price. */
  #write({ part, seq }: Owner, terms: Term[]): void {
    for (let at = 0; at < terms.length; at += TERMS_AT_ONCE) {
      const some = terms.slice(at, at + TERMS_AT_ONCE);
      const values = some.flatMap((term) => [part, this.#pathOf(term.path), term.type, term.value, seq]);
      this.#db.run(this.#insertOf(some.length), ...values);
    }
  }

  #insertOf(count: number): string {
    let sql = this.#insert[count];
    if (sql === undefined) {
      const places = Array.from({ length: count }, () => '(?, ?, ?, ?, ?)').join(', ');
      sql = `INSERT OR IGNORE INTO terms_${this.#number} VALUES ${places}`;
      this.#insert[count] = sql;
    }
    return sql;
  }

  #erase({ part, seq }: Owner, term: Term): void {
    this.#db.run(
      `DELETE FROM terms_${this.#number} WHERE part = ? AND path = ? AND type = ? AND value = ? AND item = ?`,
      part,
      this.#pathOf(term.path),
      term.type,
      term.value,
      seq,
    );
  }

  #pathOf(path: string): number {
    const known = this.findPath(path);
    if (known !== undefined) return known;
    const row = this.#db.get<{ id: number }>(
      `INSERT INTO paths_${this.#number} (path) VALUES (?) RETURNING id`,
      path,
    );
    const id = row?.id as number;
    this.#paths.set(path, id);
    return id;
  }
}
