import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { CairnError, unlessCode } from '../../http/index.ts';
import { changeVersion, type VersionChange } from '../change.ts';
import type { Inspection, ModelVersion } from '../model.ts';
import { isPrompt } from '../prompts.ts';
import { getVersion, readVersion } from '../versions/versions.ts';
import { type Examined, examine } from './examine.ts';
import { readManifest } from './manifest.ts';

/** The work message that has a version read again. */
export type InspectMessage = {
  readonly kind: 'inspect-version';
  readonly modelId: string;
  readonly version: number;
};

const namedFilesMax = 3;

/**
 * Reads the artifact of a new version once and records what it is, and that it is ready (`version.ready`)
 * or why it cannot be served (`version.refused`). Subscriber of `version.created`; doing it twice, or by
 * two at once, changes nothing.
 */
export async function inspectVersion(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const stored = await readVersion(ctx, subject['modelId'] ?? '', Number(subject['version']));
  if (stored?.doc.inspection.state === 'pending') await inspectNow(ctx, stored.doc);
}

/** Reads what a conversion made of a version. Subscriber of `version.converted`; twice is once. */
export async function inspectConverted(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const stored = await readVersion(ctx, subject['modelId'] ?? '', Number(subject['version']));
  if (stored && stored.doc.inspection.state !== 'ready') await inspectNow(ctx, stored.doc);
}

/** Work of kind `inspect-version`: reads a version again, whatever was known of it. */
export async function inspectAgain(ctx: Context, { modelId, version }: InspectMessage): Promise<void> {
  const stored = await readVersion(ctx, modelId, version);
  if (stored) await inspectNow(ctx, stored.doc);
}

/**
 * Asks for a version to be read again: one whose files came later, or one that was refused. What is ready
 * stays so; where its files differ by now, that is noted. Throws `conflict` for a prompt, which has none.
 */
export async function requestInspection(
  ctx: Context,
  modelId: string,
  number: number,
): Promise<ModelVersion> {
  const version = await getVersion(ctx, modelId, number);
  if (isPrompt(version.tags))
    throw new CairnError(
      'conflict',
      `Version ${number} of '${version.name}' is a prompt; it has no files to read.`,
      {
        field: 'version',
      },
    );
  await ctx.stores.queues.send(ctx, 'work', {
    kind: 'inspect-version',
    modelId,
    version: number,
  } satisfies InspectMessage);
  return version;
}

async function inspectNow(ctx: Context, before: ModelVersion): Promise<void> {
  const found = await examine(ctx, before);
  const note = before.inspection.state === 'ready' ? await differenceNoted(ctx, before, found) : undefined;
  await changeVersion(ctx, before.modelId, before.version, (version) => {
    // Another reading came to its end first, or what was read is not what would be served any more.
    const isStale =
      JSON.stringify([version.inspection, version.converted]) !==
      JSON.stringify([before.inspection, before.converted]);
    return isStale ? undefined : changeOf(version, found, note);
  });
}

function changeOf(
  version: ModelVersion,
  { artifact, inspection }: Examined,
  note: string | undefined,
): VersionChange | undefined {
  if (version.inspection.state !== 'ready') {
    const type = inspection.state === 'ready' ? 'version.ready' : 'version.refused';
    return { type, version: { ...version, ...(artifact ? { artifact } : {}), inspection } };
  }
  const { note: _, ...known } = version.inspection;
  const next: Inspection = {
    ...known,
    ready: inspection.state === 'ready' ? withRefs(known.ready, inspection.ready) : known.ready,
    ...(note === undefined ? {} : { note }),
  };
  return JSON.stringify(next) === JSON.stringify(version.inspection)
    ? undefined
    : { type: 'version.updated', version: { ...version, inspection: next } };
}

type Ready = Extract<Inspection, { state: 'ready' }>['ready'];

/** Data sets are named by tags, which may have been set since. */
function withRefs({ reference: _, evaluation: __, ...ready }: Ready, found: Ready): Ready {
  const { reference, evaluation } = found;
  return { ...ready, ...(reference ? { reference } : {}), ...(evaluation ? { evaluation } : {}) };
}

/** How the artifact of a ready version differs from what was registered, in a sentence or two; `undefined` where it does not. */
async function differenceNoted(
  ctx: Context,
  before: ModelVersion,
  { artifact, inspection }: Examined,
): Promise<string | undefined> {
  if (before.inspection.state !== 'ready') return undefined;
  const served =
    'What was registered is kept, and is served as before; register what is there now as a new version.';
  if (artifact && artifact.manifest.digest !== before.artifact?.manifest.digest)
    return `Its files are not those that were registered: ${await whatDiffers(ctx, before, { ...before, artifact })}. ${served}`;
  if (inspection.state === 'refused')
    return `Read again, it would be refused: ${inspection.reason} ${served}`;
  return inspection.ready.digest === before.inspection.ready.digest
    ? undefined
    : `Read again, another file would be served. ${served}`;
}

async function whatDiffers(ctx: Context, before: ModelVersion, after: ModelVersion): Promise<string> {
  const [then, now] = await Promise.all([filesOf(ctx, before), filesOf(ctx, after)]);
  if (!then || !now) return 'it is not known which they were';
  const names = [...new Set([...then.keys(), ...now.keys()])].filter(
    (path) => then.get(path) !== now.get(path),
  );
  const listed = names.slice(0, namedFilesMax).map((path) => {
    const what = !now.has(path) ? 'is gone' : then.has(path) ? 'was changed' : 'was added';
    return `'${path.slice(0, 200)}' ${what}`;
  });
  const more = names.length - listed.length;
  return `${listed.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

async function filesOf(ctx: Context, version: ModelVersion): Promise<Map<string, string> | undefined> {
  const manifest = await unlessCode(readManifest(ctx, version), 'conflict');
  return manifest && new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
}
