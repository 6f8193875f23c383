/** `node scripts/audit-verify.ts --help`: proves an audit log from its segments and public keys. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { segmentsIn, type Verification, verifySegments } from '../shared/audit/index.ts';
import { keysIn } from './audit-verify/keys.ts';
import { openData } from './audit-verify/data.ts';
import { openDeployment } from './audit-verify/deployment.ts';
import { Unusable } from './audit-verify/unusable.ts';
import type { Opened } from './audit-verify/opened.ts';

const usage = `Usage: make audit-verify ARGS="[options]"   or   node scripts/audit-verify.ts [options]

Where the segments are, one of:
  --data DIR        folder of a stack on this machine, running or not (default .cairn)
  --segments DIR    folder into which the container 'audit' was downloaded
  --url URL         a deployment, through its API; CAIRN_TOKEN is sent as bearer token

What they are verified by:
  --key FILE        public key, PEM; may be given several times. With --data and --url the keys of the stack
                    or deployment are taken where none is given: whoever could exchange them could sign anew,
                    so keep a copy of GET /api/v1/signing-keys elsewhere and give it here.
  --head SEQ:HASH   the last entry of an earlier verification: the log must still have it

  --json            the result as JSON
  --help            this text

Exit code (of node; make ends with 2 for any but 0): 0 the log is whole, 1 it is not, 2 it could not be verified or no entry is exported yet.`;

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const values = read(process.argv.slice(2));
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const given = await keysIn(values.key ?? []);
  const expectedHead = headIn(values.head);
  const opened = await open(values);
  try {
    const keys = given.length > 0 ? given : await opened.keys();
    if (keys.length === 0) throw new Unusable('There is no public key to verify by; give one by --key FILE.');
    // Asked before: what is entered meanwhile is more than is expected, never less.
    const lastSeq = (await opened.lastSeq?.()) ?? 0;
    const verified = await verifySegments(opened.source, {
      keys,
      now: Date.now(),
      ...(expectedHead ? { expectedHead } : {}),
    });
    const inSegments = verified.verifiedTo.seq + verified.unsignedEntries;
    const result = { ...verified, notExportedEntries: Math.max(0, lastSeq - inSegments) };
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result));
    if (!result.ok) return 1;
    return result.entries === 0 ? 2 : 0;
  } finally {
    await opened.close();
  }
}

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: 'string' },
        segments: { type: 'string' },
        url: { type: 'string' },
        key: { type: 'string', multiple: true },
        head: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Unusable(`${(error as Error).message.split('. ')[0]}; --help lists the options.`);
  }
}

async function open(values: ReturnType<typeof read>): Promise<Opened> {
  const { data, segments, url } = values;
  if ([data, segments, url].filter((each) => each !== undefined).length > 1)
    throw new Unusable('Give one of --data, --segments and --url.');
  if (segments !== undefined) {
    if (!existsSync(segments)) throw new Unusable(`There is no folder ${segments}.`);
    return { source: segmentsIn(segments), keys: () => Promise.resolve([]), close: () => Promise.resolve() };
  }
  return url === undefined ? openData(data ?? '.cairn') : openDeployment(url);
}

function headIn(text: string | undefined): { seq: number; hash: string } | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{1,15}):(sha256:[0-9a-f]{64})$/.exec(text);
  if (!parts) throw new Unusable(`--head is '${text}'; give SEQ:sha256:HASH as a verification prints it.`);
  return { seq: Number(parts[1]), hash: parts[2] ?? '' };
}

/** How it went, as lines for people; of a deployment with what is in no segment yet. */
function textOf(result: Verification & { readonly notExportedEntries: number }): string {
  const { segments, entries, problems, problemCount, verifiedTo, unsignedEntries, restores } = result;
  const places = problems.map(({ kind, segment, seq, message }) => {
    const place = [segment, seq === undefined ? undefined : `entry ${seq}`].filter(Boolean).join(', ');
    return `  [${kind}] ${place}: ${message}\n`;
  });
  const more = problemCount > problems.length ? `  and ${problemCount - problems.length} more\n` : '';
  return [
    headline(result),
    ...places,
    more,
    `${entries} entries in ${segments} hours; ${unsignedEntries} of them are newer than the last signature.\n`,
    ...restores.map(
      ({ seq, at, storeTo }) =>
        `Entry ${seq} says that the metadata was put back to entry ${storeTo}, found ${new Date(at).toISOString()}: what was done between them is undone.\n`,
    ),
    result.notExportedEntries > 0
      ? `Entries that are not exported yet, of which nothing is said: ${result.notExportedEntries}\n`
      : '',
    // Of a log that is not whole, its end is no place to go on from.
    result.ok && verifiedTo.seq > 0 ? `Verified to --head ${verifiedTo.seq}:${verifiedTo.hash}\n` : '',
  ].join('');
}

function headline({ ok, entries, problemCount }: Verification): string {
  if (!ok) return `The audit log is not as it was written: ${problemCount} problem(s).\n`;
  return entries > 0
    ? 'The audit log is whole.\n'
    : 'There is nothing to verify yet: no entry is exported, which happens every five minutes.\n';
}
