import { createHash } from 'node:crypto';
import { blobName, checkedArtifactPath, listArtifacts } from '../artifacts/index.ts';
import type { Context } from '../context.ts';
import { type DatasetRef, datasetRef } from '../datasets/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { isCode } from '../http/index.ts';
import { inspect, OnnxError, type Inspection as OnnxInspection } from '../onnx/index.ts';
import { artifactPathOf } from '../tracking/index.ts';
import type { Inspection, ModelVersion, TensorSpec, VersionReady } from './model.ts';
import { changeVersion } from './change.ts';
import { readVersion } from './versions.ts';

const onnxBytesMax = 512 * 1024 * 1024;

/** Why a version cannot be served; what went wrong on the way to finding out is another error. */
class Refusal extends Error {}

/**
 * Reads the artifact of a new version once and records what it is (`version.ready`) or why it cannot
 * be served (`version.refused`). Subscriber of `version.created`; doing it twice changes nothing.
 */
export async function inspectVersion(ctx: Context, event: CairnEvent): Promise<void> {
  const modelId = event.subject['modelId'] ?? '';
  const version = Number(event.subject['version']);
  const stored = await readVersion(ctx, modelId, version);
  if (stored?.doc.inspection.state !== 'pending') return;
  const inspection = await examine(ctx, stored.doc);
  await changeVersion(ctx, modelId, version, (doc) =>
    doc.inspection.state === 'pending'
      ? {
          type: inspection.state === 'ready' ? 'version.ready' : 'version.refused',
          version: { ...doc, inspection },
        }
      : undefined,
  );
}

async function examine(
  ctx: Context,
  version: ModelVersion,
): Promise<Exclude<Inspection, { state: 'pending' }>> {
  const at = ctx.clock.now();
  try {
    return { state: 'ready', ready: await readyOf(ctx, version), at };
  } catch (error) {
    if (error instanceof Refusal || error instanceof OnnxError)
      return { state: 'refused', reason: error.message, at };
    throw error;
  }
}

async function readyOf(ctx: Context, version: ModelVersion): Promise<VersionReady> {
  const path = await onnxPath(ctx, await resolveSource(ctx, version.storageLocation ?? version.source));
  const blob = blobName(ctx, path);
  const container = ctx.stores.blobs('artifacts');
  const found = await container.stat(blob);
  if (!found) throw new Refusal(`there is no file at '${path}'.`);
  if (found.bytes > onnxBytesMax)
    throw new Refusal(`'${path}' has ${found.bytes} bytes; at most ${onnxBytesMax} can be served.`);
  const bytes = (await container.read(blob, onnxBytesMax)) ?? new Uint8Array();
  const model = inspect(bytes);
  if (model.external.length > 0)
    throw new Refusal('its weights lie outside the ONNX file; save it as one file.');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const copy = `${ctx.workspace}/served/${digest.replace('sha256:', '')}`;
  await ctx.stores.blobs('models').write(copy, bytes);
  const reference = refOf(version, 'cairn.reference');
  const evaluation = refOf(version, 'cairn.evaluation');
  return {
    modelId: version.modelId,
    version: version.version,
    digest,
    bytes: bytes.byteLength,
    signature: { inputs: tensors(model, 'inputs'), outputs: tensors(model, 'outputs') },
    features: names(model, 'cairn.features'),
    labels: names(model, 'cairn.labels'),
    served: {
      path: 'model.onnx',
      blob: copy,
      digest,
      bytes: bytes.byteLength,
      external: [],
      changes: [],
    },
    timings: { loadMilliseconds: 0, runMillisecondsP50: 0, runMillisecondsMax: 0, memoryBytes: 0 },
    ...(reference ? { reference } : {}),
    ...(evaluation ? { evaluation } : {}),
  };
}

/** A version's source as a path among the artifacts of its workspace. */
async function resolveSource(ctx: Context, source: string): Promise<string> {
  const path = await artifactPathOf(ctx, source).catch((error: unknown) => {
    throw isCode(error, 'not-found')
      ? new Refusal(`its source '${source}' names a run that does not exist.`)
      : error;
  });
  if (path !== undefined) return contained(source, path);
  throw new Refusal(`its source '${source.slice(0, 200)}' is not among this server's artifacts.`);
}

function contained(source: string, path: string): string {
  try {
    return checkedArtifactPath(path);
  } catch (error) {
    throw isCode(error, 'invalid')
      ? new Refusal(`its source '${source.slice(0, 200)}' names no file: ${error.message}`)
      : error;
  }
}

/** The ONNX file that a source names or contains. */
async function onnxPath(ctx: Context, path: string): Promise<string> {
  if (path.endsWith('.onnx')) return path;
  const files = (await listArtifacts(ctx, path)).filter(
    (entry) => entry.name.endsWith('.onnx') && !entry.isDirectory,
  );
  const [first] = files.filter((entry) => entry.name === 'model.onnx' || files.length === 1);
  if (first) return `${path}/${first.name}`;
  throw new Refusal(
    files.length === 0
      ? `there is no ONNX file below '${path}'; log the model with mlflow.onnx, or convert it.`
      : `there are several ONNX files below '${path}' and none is called model.onnx.`,
  );
}

function tensors(model: OnnxInspection, side: 'inputs' | 'outputs'): TensorSpec[] {
  return model[side].map((value) => {
    if (value.kind !== 'tensor')
      throw new Refusal(
        `its ${side.slice(0, -1)} '${value.name}' is a ${value.kind}; only tensors can be served.`,
      );
    if (value.shape === null)
      throw new Refusal(`its ${side.slice(0, -1)} '${value.name}' has no known rank.`);
    return { name: value.name, elementType: value.elementType, shape: value.shape };
  });
}

/** A list of names from the model's metadata, where its author left one. */
function names(model: OnnxInspection, key: string): string[] | null {
  const text = model.metadata[key];
  if (text === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Refused below: metadata that promises names and has none would mislead every caller.
  }
  throw new Refusal(`its metadata '${key}' is not a JSON list of names.`);
}

/** A data set named by a tag: a JSON DatasetRef, or just the URI of an artifact. */
function refOf(version: ModelVersion, tag: string): DatasetRef | undefined {
  const text = version.tags[tag];
  if (!text) return undefined;
  if (!text.startsWith('{')) return { kind: 'artifact', uri: text };
  try {
    return datasetRef.parse(JSON.parse(text));
  } catch {
    throw new Refusal(`its tag '${tag}' is neither a URI nor a data set reference {kind, uri, …}.`);
  }
}
