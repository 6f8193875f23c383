import type { BlobContainer, Stores } from '../azure/index.ts';
import { hour, instanceBlob, type Owner } from './names.ts';
import { encodeRecord } from './record.ts';
import type { Summary } from './summary.ts';

/** One append takes up to 4 MiB. */
const appendBytesMax = 2 * 1024 * 1024;

/** What was counted, and whose it is. */
export type OwnedTally<T extends Summary = Summary> = { readonly owner: Owner; readonly tally: T };

/** The files that an instance adds to: one for each endpoint and hour, and nobody else adds to them. */
export type InstanceFiles = {
  readonly blobs: BlobContainer;
  readonly instance: string;
  seq: number;
  readonly open: Map<string, File>;
};

/** `unsure` is a record that was sent and not answered: it comes first, word for word, until it surely is there. */
type File = { readonly hour: number; bytes: number; unsure: Buffer | undefined };

export function newFiles(stores: Stores, instance: string): InstanceFiles {
  return { blobs: stores.blobs('profiles'), instance, seq: 0, open: new Map() };
}

/** Adds tallies to their files, an append for each file. Gives back what could not be sent, and why. */
export async function writeTallies<T extends Summary>(
  files: InstanceFiles,
  tallies: readonly OwnedTally<T>[],
): Promise<{ tallies: OwnedTally<T>[]; error?: unknown }> {
  const left: OwnedTally<T>[] = [];
  let failure: { readonly error: unknown } | undefined;
  const byFile = Map.groupBy(tallies, ({ owner, tally }) => instanceBlob(owner, tally.at, files.instance));
  // Those that still have something to be sure of are tried as well.
  const names = new Set([...files.open].filter(([, { unsure }]) => unsure).map(([name]) => name));
  for (const name of new Set([...names, ...byFile.keys()])) {
    const waiting = byFile.get(name) ?? [];
    const file = fileOf(files, name, waiting);
    try {
      while (file.unsure ?? waiting.length > 0) {
        file.unsure ??= takeRecord(files, waiting);
        await send(files, name, file);
      }
    } catch (error) {
      failure = { error };
      left.push(...waiting);
    }
  }
  forgetOld(files);
  return { tallies: left, ...failure };
}

function fileOf(files: InstanceFiles, name: string, [first]: readonly OwnedTally[]): File {
  let file = files.open.get(name);
  if (!file) {
    file = { hour: Math.floor((first?.tally.at ?? 0) / hour), bytes: 0, unsure: undefined };
    files.open.set(name, file);
  }
  return file;
}

/** Takes from the front as much as one append holds. */
function takeRecord(files: InstanceFiles, waiting: OwnedTally[]): Buffer {
  const lines: string[] = [];
  let bytes = 0;
  while (waiting.length > 0 && bytes < appendBytesMax / 2) {
    const windows = waiting.splice(0, 20).map(({ tally }) => tally);
    const line = encodeRecord({ instance: files.instance, seq: ++files.seq, windows });
    lines.push(line);
    bytes += line.length;
  }
  return Buffer.from(lines.join(''));
}

/**
 * Sends what is unsure to the end of its file. Where the file does not end where it was left, an earlier try may have
 * arrived; then nothing is left to do. Else it has been cut, or begun anew, and the record goes to its end, behind an
 * end of line, should the last one be torn: a record that is there twice counts once.
 */
async function send({ blobs }: InstanceFiles, name: string, file: File): Promise<void> {
  for (let record = file.unsure; record; ) {
    if (await blobs.append(name, record, file.bytes, 'application/x-ndjson')) file.bytes += record.length;
    else {
      const bytes = (await blobs.stat(name))?.bytes ?? 0;
      if (bytes !== file.bytes + record.length) {
        file.bytes = bytes;
        if (bytes > 0 && record[0] !== newline) record = Buffer.concat([Buffer.of(newline), record]);
        file.unsure = record;
        continue;
      }
      file.bytes = bytes;
    }
    file.unsure = undefined;
    return;
  }
}

const newline = 0x0a;

/** Hours whose files are known, for a clock may be set back: of one that is not, it is not known what is there already. */
const hoursKnown = 3;

/** Files of hours before the last ones, to which nothing is added any more. */
function forgetOld({ open }: InstanceFiles): void {
  const newest = Math.max(...[...open.values()].map((file) => file.hour));
  for (const [name, file] of open) if (file.hour <= newest - hoursKnown && !file.unsure) open.delete(name);
}
