/** `make restore-check ARGS=--help`: compares metadata with storage, after a restore of either. */
import { findUndone } from '../shared/audit/index.ts';
import { optionsOf } from './command-line.ts';
import { openData, openDeployment } from './restore-check/context.ts';
import { type Missing, missing } from './restore-check/missing.ts';
import { type Orphan, orphans, unscored } from './restore-check/orphans.ts';

const usage = `Usage: make restore-check ARGS="[options]"   or   node scripts/restore-check.ts [options]

Compares metadata with storage and changes nothing. To be run after a restore, before the apps are started.
It lists
  missing   what a document says is in storage, and is not, or not as it says: files that are served, manifests and
            signatures of model versions, their artifacts, long params and tags, inputs and outputs of batch jobs
  undone    what the audit log has and the metadata has not: it was done after the time of the restore. A revoked token
            is valid again, an erased row may be back: do again what must not stay undone
  orphans   folders in storage whose document is not there: written after the time of the restore. Nothing of the
            platform reads or removes them; remove them yourself once no earlier restore is wanted any more
  unscored  dropped files that no job has: drop them again

Where:
  --data DIR     folder of a stack on this machine that does not run
                 without it the stores that the environment names, as the app has them: COSMOS_ENDPOINT,
                 AzureWebJobsStorage__blobServiceUri, AzureWebJobsStorage__queueServiceUri (az login first; whoever
                 deployed has the role)
  --digests      reads what is served and compares its SHA-256, not its size alone
  --json         the result as JSON
  --help         this text

Exit code (of node; make ends with 2 for any but 0): 0 nothing is missing, 1 something is, 2 it could not be checked.`;

const given = optionsOf(usage, {
  data: { type: 'string' },
  digests: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});

try {
  process.exitCode = await main();
} catch (error) {
  // What a store refuses is said in its words, on a line.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message.split(/\r?\n/)[0]}\n`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { ctx, close } = await (given.data === undefined ? openDeployment() : openData(given.data));
  try {
    const counted = { documents: 0 };
    const result: Result = {
      missing: await listOf(missing(ctx, { withDigests: given.digests }, counted)),
      undone: (await findUndone(ctx)).map(({ seq, at, actor, action, workspace, aggregate }) => ({
        ...{ seq, at, actor, action, workspace, aggregate },
      })),
      orphans: await listOf(orphans(ctx)),
      unscored: await listOf(unscored(ctx)),
      documents: counted.documents,
    };
    process.stdout.write(given.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result));
    return result.missing.length > 0 ? 1 : 0;
  } finally {
    await close();
  }
}

type Undone = {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly workspace: string;
  readonly aggregate: string;
};

type Result = {
  readonly missing: readonly Missing[];
  readonly undone: readonly Undone[];
  readonly orphans: readonly Orphan[];
  readonly unscored: readonly Orphan[];
  readonly documents: number;
};

function textOf(result: Result): string {
  const time = (at: number) => new Date(at).toISOString();
  return [
    `${result.documents} versions, runs and batch jobs were compared with storage.\n`,
    `Missing: ${result.missing.length}\n`,
    ...result.missing.map(
      ({ workspace, document, container, blob, problem }) =>
        `  ${workspace}: ${document}: ${problem} (${container}/${blob})\n`,
    ),
    `Undone: ${result.undone.length}\n`,
    ...result.undone.map(
      ({ seq, at, actor, action, workspace, aggregate }) =>
        `  entry ${seq} ${time(at)} ${workspace}: ${action} of ${aggregate} by ${actor}\n`,
    ),
    `Orphans: ${result.orphans.length}\n`,
    ...result.orphans.map(
      ({ container, folder, blobs, bytes, modifiedAt }) =>
        `  ${container}/${folder}: ${blobs} blobs, ${bytes} bytes, the last of ${time(modifiedAt)}\n`,
    ),
    `Unscored: ${result.unscored.length}\n`,
    ...result.unscored.map(({ folder, modifiedAt }) => `  ${folder}, of ${time(modifiedAt)}\n`),
  ].join('');
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
