import type { Context } from '../../context.ts';
import { inspect, OnnxError } from '../../onnx/index.ts';
import type { ArtifactFacts, Inspection, ModelVersion } from '../model.ts';
import { hashFiles, listFiles } from './artifact-files.ts';
import { onnxFacts } from './facts.ts';
import { makeReady } from './make-ready.ts';
import { writeManifest } from './manifest.ts';
import { readMlModel } from './mlmodel.ts';
import { readSource } from './model-source.ts';
import { Refusal } from './refusal.ts';

/** What reading an artifact told: what it is, as far as that is known, and whether it can be served. */
export type Examined = {
  readonly artifact: ArtifactFacts | undefined;
  readonly inspection: Exclude<Inspection, { state: 'pending' }>;
};

/** So that a version with all that is said of it stays well below what a document can hold. */
const recordCharsMax = 1_000_000;

/**
 * Reads the artifact of a version as it is now. Nothing is recorded of the version, and what is stored is
 * named by its content, so that reading twice, at once or not to the end does no harm. Throws where
 * storage or this machine fails, never for what the artifact is.
 */
export async function examine(ctx: Context, version: ModelVersion): Promise<Examined> {
  const at = ctx.clock.now();
  let artifact: ArtifactFacts | undefined;
  try {
    const files = await listFiles(ctx, version);
    const hashed = await hashFiles(ctx, files);
    const mlModel = await readMlModel(ctx, files);
    const { flavours, mlflowVersion, schema, inputExample } = mlModel;
    artifact = {
      manifest: await writeManifest(ctx, version, hashed),
      flavours,
      ...(mlflowVersion === undefined ? {} : { mlflowVersion }),
      ...(schema === undefined ? {} : { schema }),
      ...(inputExample === undefined ? {} : { inputExample }),
    };
    const source = await readSource(ctx, version, { files, hashed, mlModel });
    const model = inspect(source.bytes);
    artifact = { ...artifact, onnx: onnxFacts(source.path, model) };
    const ready = await makeReady(ctx, version, source, model, { files, mlModel });
    if (JSON.stringify({ artifact, ready }).length > recordCharsMax)
      throw new Refusal('its inputs, outputs, labels and signature are too many to keep a record of.');
    return { artifact, inspection: { state: 'ready', ready, at } };
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof OnnxError)) throw error;
    const wayOut = error instanceof Refusal ? error.wayOut : undefined;
    return {
      artifact,
      inspection: { state: 'refused', reason: error.message, ...(wayOut ? { wayOut } : {}), at },
    };
  }
}
