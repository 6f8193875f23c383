/**
 * Makes Azurite's metadata survive a kill. Azurite keeps metadata in LokiJS, which writes the whole
 * database every few seconds: what was acknowledged since the last write is lost with the process.
 *
 * Here every insert, update and delete is also appended, synchronously and before the response can leave,
 * to a journal beside the database. A full write begins a new journal generation; once the write is in
 * place the older generations are deleted. Loading applies the generations that are left to the last full
 * write. An entry holds a document's whole state under its LokiJS id, so applying one twice changes nothing.
 * The guarantee is against the end of the process, not of the machine: entries reach the kernel, not the disk.
 */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

type Document = { $loki: number } & Record<string, unknown>;
type Entry = { c: string } & ({ put: Document } | { del: number });
type Callback<T> = (result?: T) => void;

interface Collection {
  name: string;
  on(event: 'insert' | 'update' | 'delete', listener: (documents: Document | Document[]) => void): void;
}
interface Database {
  filename: string;
  autosaveInterval: number;
}
interface Snapshot {
  databaseVersion: number;
  collections: { name: string; data: Document[]; maxId: number }[];
}
interface Loki {
  prototype: {
    addCollection: (this: Database, name: string, options?: object) => Collection;
    autosaveEnable: (this: Database, ...args: unknown[]) => void;
  };
  LokiFsAdapter: {
    prototype: {
      loadDatabase: (this: unknown, file: string, callback: Callback<string | Error | null>) => void;
      saveDatabase: (this: unknown, file: string, text: string, callback: Callback<Error | null>) => void;
    };
  };
}

/**
 * Installs the journal in the LokiJS that Azurite uses; must run before Azurite's stores are made.
 * @param azuriteRequire resolves `lokijs` as Azurite does.
 * @param fullWriteSeconds time between two full writes; with a journal they only bound the journal, and
 *   need not come as often as Azurite's 5 s.
 */
export function journalDatabases(azuriteRequire: NodeJS.Require, fullWriteSeconds: number): void {
  const loki = azuriteRequire('lokijs') as Loki;
  const journals = new Map<string, Journal>();
  const journalOf = (file: string): Journal => {
    const journal = journals.get(file) ?? openJournal(file);
    journals.set(file, journal);
    return journal;
  };

  const { addCollection, autosaveEnable } = loki.prototype;
  loki.prototype.addCollection = function (name, options) {
    const collection = addCollection.call(this, name, options);
    const write = (entry: Entry) => journalOf(this.filename).append(entry);
    const put = (documents: Document | Document[]) => {
      for (const document of [documents].flat()) write({ c: name, put: document });
    };
    collection.on('insert', put);
    collection.on('update', put);
    collection.on('delete', (documents) => {
      for (const document of [documents].flat()) write({ c: name, del: document.$loki });
    });
    return collection;
  };
  loki.prototype.autosaveEnable = function (...args) {
    this.autosaveInterval = fullWriteSeconds * 1000;
    autosaveEnable.apply(this, args);
  };

  const adapter = loki.LokiFsAdapter.prototype;
  const { loadDatabase, saveDatabase } = adapter;
  adapter.loadDatabase = function (file, callback) {
    loadDatabase.call(this, file, (text) => {
      callback(typeof text === 'string' ? journalOf(file).applyTo(text) : text);
    });
  };
  // LokiJS serialises and calls this in one turn, so no entry can fall between the text and the generation.
  adapter.saveDatabase = function (file, text, callback) {
    const generation = journalOf(file).beginGeneration();
    saveDatabase.call(this, file, text, (error) => {
      if (!error) journalOf(file).dropBefore(generation);
      callback(error);
    });
  };
}

interface Journal {
  append(entry: Entry): void;
  /** The database text with every entry of every generation applied. */
  applyTo(text: string): string;
  beginGeneration(): number;
  dropBefore(generation: number): void;
}

function openJournal(file: string): Journal {
  const prefix = `${basename(file)}.journal.`;
  const path = (generation: number) => join(dirname(file), `${prefix}${generation}`);
  const stored = () =>
    readdirSync(dirname(file))
      .filter((name) => name.startsWith(prefix))
      .map((name) => Number(name.slice(prefix.length)))
      .toSorted((a, b) => a - b);

  // Always a new file: a torn last line of an earlier process must not swallow the next entry.
  let generation = (stored().at(-1) ?? 0) + 1;
  let descriptor = openSync(path(generation), 'a');

  return {
    append(entry) {
      writeSync(descriptor, `${JSON.stringify(entry)}\n`);
    },
    applyTo(text) {
      const entries = stored().flatMap((old) => readEntries(path(old)));
      return entries.length === 0 ? text : JSON.stringify(apply(JSON.parse(text) as Snapshot, entries));
    },
    beginGeneration() {
      closeSync(descriptor);
      generation += 1;
      descriptor = openSync(path(generation), 'a');
      return generation;
    },
    dropBefore(first) {
      for (const old of stored()) if (old < first) rmSync(path(old), { force: true });
    },
  };
}

/** The entries of a generation. Only its last line can be torn, and then its request was never answered. */
function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
}

function apply(snapshot: Snapshot, entries: Entry[]): Snapshot {
  for (const collection of snapshot.collections) {
    const documents = new Map(collection.data.map((document) => [document.$loki, document]));
    for (const entry of entries) {
      if (entry.c !== collection.name) continue;
      if ('del' in entry) documents.delete(entry.del);
      else documents.set(entry.put.$loki, entry.put);
      // An id is never given twice, so a deleted document still counts.
      const id = 'del' in entry ? entry.del : entry.put.$loki;
      collection.maxId = Math.max(collection.maxId, id);
    }
    collection.data = [...documents.values()];
  }
  // Databases older than 1.5 have their indexes rebuilt on load, which is what the changed data needs.
  snapshot.databaseVersion = 1;
  return snapshot;
}
