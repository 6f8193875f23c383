import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { type DatasetRef, parseDatasetRef } from '../../datasets/index.ts';
import {
  externalFiles,
  type Inspection as OnnxModel,
  servedCopy,
  type ServedCopy,
  whyTooNew,
} from '../../onnx/index.ts';
import { type Trial, tryModel } from '../../sessions/index.ts';
import type { ModelVersion, TensorSpec, Timings, VersionReady } from '../model.ts';
import type { ArtifactFile } from './artifact-files.ts';
import { readExample } from './example.ts';
import type { MlModel } from './mlmodel.ts';
import { modelBytesMax, type ModelSource } from './model-source.ts';
import { Refusal } from './refusal.ts';
import { assemble, download, inFolder, keep, type LocalFile } from './served-files.ts';
import { authorsNames, featuresOf, namesIn, portsOf, signatureOf, tensorsOf } from './signature.ts';

/**
 * Makes of a model what is served: the copy is written, tried in a process of its own, and kept by its
 * content. Doing it again makes the same copy. Throws {@link Refusal} or OnnxError where it cannot be served.
 */
export async function makeReady(
  ctx: Context,
  version: ModelVersion,
  source: ModelSource,
  model: OnnxModel,
  artifact: { readonly files: readonly ArtifactFile[]; readonly mlModel: MlModel },
): Promise<VersionReady> {
  const tooNew = whyTooNew(model);
  if (tooNew !== undefined) throw new Refusal(tooNew);
  const weights = externalFiles(model.external, (path) => source.beside.get(path)?.bytes);
  const withFiles = (onnx: number, paths: readonly string[]) =>
    paths.reduce((sum, path) => sum + (source.beside.get(path)?.bytes ?? 0), onnx);
  const bytes = withFiles(source.bytes.length, weights);
  const copy = servedCopy(source.bytes, model, authorsNames(model, artifact.mlModel));
  for (const total of [bytes, withFiles(copy.bytes, copy.external)])
    if (total > modelBytesMax)
      throw new Refusal(`it has ${total} bytes with its weights; at most ${modelBytesMax} can be served.`);
  const inputs = tensorsOf(copy, 'input');
  const outputs = tensorsOf(copy, 'output');
  const ports: TensorSpec[] = inputs.map((input) => ({ ...input, shape: input.shape ?? [] }));
  const described = {
    features: featuresOf(model.metadata, artifact.mlModel, ports),
    labels: namesIn(model.metadata, 'cairn.labels') ?? copy.labels,
    ...refsOf(version),
  };
  const example = artifact.files.find(({ path }) => path === artifact.mlModel.servingExample);
  return inFolder(async (folder) => {
    const local = new Map<string, LocalFile>();
    for (const [i, path] of weights.entries()) {
      const file = source.beside.get(path);
      if (file) local.set(path, await download(ctx, file, file.sha256, join(folder, String(i))));
    }
    const served = await assemble(copy.pieces, local, join(folder, 'model'));
    const external = copy.external.flatMap((path) => {
      const file = local.get(path);
      return file ? [{ path, ...file }] : [];
    });
    const trial = await tryModel({
      folder,
      model: served.file,
      external: external.map(({ path, file }) => ({ path, file })),
      example: await readExample(ctx, example, portsOf(ports)),
    });
    if (trial.outcome === 'failed') throw refusalOf(ctx, version, trial);
    return {
      modelId: version.modelId,
      version: version.version,
      digest: digestOf(source.digest, weights, local),
      bytes,
      signature: signatureOf(inputs, outputs, trial),
      ...described,
      served: {
        ...(await keep(ctx, 'model.onnx', served)),
        external: await Promise.all(external.map(({ path, ...file }) => keep(ctx, path, file))),
        changes: changesOf(copy, source),
      },
      timings: timingsOf(trial),
    };
  });
}

/** Data sets named by tags: a JSON DatasetRef, or just the URI of an artifact. */
export function refsOf(version: ModelVersion): Pick<VersionReady, 'reference' | 'evaluation'> {
  const reference = refOf(version, 'cairn.reference');
  const evaluation = refOf(version, 'cairn.evaluation');
  return { ...(reference ? { reference } : {}), ...(evaluation ? { evaluation } : {}) };
}

function refOf(version: ModelVersion, tag: string): DatasetRef | undefined {
  const text = version.tags[tag];
  if (!text) return undefined;
  const ref = parseDatasetRef(text);
  if (ref) return ref;
  throw new Refusal(`its tag '${tag}' is neither a URI nor a data set reference {kind, uri, …}.`);
}

/** Of the ONNX file alone, or of a line for it and one for each file of weights. */
function digestOf(onnx: string, weights: readonly string[], local: ReadonlyMap<string, LocalFile>): string {
  if (weights.length === 0) return onnx;
  const lines = [onnx, ...weights.map((path) => `${local.get(path)?.digest} ${path}`)];
  return `sha256:${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
}

function changesOf({ changes }: ServedCopy, { isConverted }: ModelSource): VersionReady['served']['changes'] {
  return isConverted ? [...changes, 'converted'] : changes;
}

function timingsOf(trial: Extract<Trial, { outcome: 'ran' }>): Timings {
  const rounded = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000;
  return {
    loadMilliseconds: rounded(trial.loadMilliseconds),
    runMillisecondsP50: rounded(trial.runMillisecondsP50),
    runMillisecondsMax: rounded(trial.runMillisecondsMax),
    memoryBytes: trial.memoryBytes,
  };
}

function refusalOf(
  ctx: Context,
  { modelId, version }: ModelVersion,
  { step, reason, detail }: Extract<Trial, { outcome: 'failed' }>,
): Refusal {
  ctx.log.warn('model failed its trial', { modelId, version, step, detail });
  return new Refusal(reason, step === 'run' ? { says: exampleWanted } : undefined);
}

const exampleWanted =
  'Where it cannot run on zeros, log it with an input_example, whose first row is taken instead.';
