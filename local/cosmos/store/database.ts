import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

export type SqlValue = null | number | string | Uint8Array;

/**
 * The SQLite database under the emulator: statements prepared once by their text, and transactions.
 *
 * With a folder the data is in `cosmos.db` there, in WAL mode with `synchronous=NORMAL`: what was committed survives
 * the death of the process, and the file is never damaged by the death of the machine. One process has the folder at
 * a time. Without a folder the data is in memory.
 */
export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws Error in plain words where the folder cannot be written or is in use */
  constructor(folder: string | null) {
    try {
      if (folder !== null) mkdirSync(folder, { recursive: true });
      this.#sqlite = open(folder === null ? ':memory:' : join(folder, 'cosmos.db'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const isLocked = reason.includes('database is locked');
      throw new Error(
        isLocked
          ? `The data folder ${folder} is in use by another Cosmos emulator.`
          : `The data folder ${folder} cannot be opened for writing: ${reason}.`,
        { cause: error },
      );
    }
  }

  exec(sql: string): void {
    this.#sqlite.exec(sql);
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= 500) this.#statements.clear();
      statement = this.#sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.prepare(sql).run(...values);
  }

  get<T>(sql: string, ...values: SqlValue[]): T | undefined {
    return this.prepare(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SqlValue[]): T[] {
    return this.prepare(sql).all(...values) as T[];
  }

  /** Rows one by one. The statement is not shared, since another query may run before the last row is taken. */
  iterate<T>(sql: string, ...values: SqlValue[]): Iterable<T> {
    return this.#sqlite.prepare(sql).iterate(...values) as Iterable<T>;
  }

  /** All that `work` writes, or nothing where it throws. */
  transaction<T>(work: () => T): T {
    this.prepare('BEGIN IMMEDIATE').run();
    try {
      const result = work();
      this.prepare('COMMIT').run();
      return result;
    } catch (error) {
      this.prepare('ROLLBACK').run();
      throw error;
    }
  }

  /** Empties the database. */
  reset(): void {
    const tables = this.all<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    );
    this.#statements.clear();
    this.transaction(() => tables.forEach(({ name }) => this.exec(`DROP TABLE "${name}"`)));
    this.#statements.clear();
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }
}

function open(file: string): DatabaseSync {
  const sqlite = new DatabaseSync(file);
  sqlite.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    BEGIN IMMEDIATE; COMMIT;
  `);
  return sqlite;
}
