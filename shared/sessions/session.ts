import { CairnError } from '../http/index.ts';
import { inspect, isHandedOver, OnnxError, sliceOf } from '../onnx/index.ts';
import { type ExternalData, load, LoadError, type Session } from './runtime.ts';

/**
 * Loads a model with the files it refers to. Throws `conflict` with the reason for a model that cannot be
 * served, which is also one that refers to anything else.
 */
export async function openSession(
  model: Uint8Array,
  externalData: readonly ExternalData[] = [],
): Promise<Session> {
  try {
    checkExternal(model, externalData);
    return await load(model, externalData);
  } catch (error) {
    if (error instanceof LoadError)
      throw new CairnError('conflict', error.message, { cause: error.cause ?? error });
    if (error instanceof OnnxError) throw new CairnError('conflict', error.message, { cause: error });
    throw error;
  }
}

/**
 * What the runtime is not handed it would look for in the folder of this process, and read whatever lies
 * there; where it is handed files, it still does so for weights of branches.
 */
function checkExternal(model: Uint8Array, externalData: readonly ExternalData[]): void {
  const given = new Set(externalData.map(({ path }) => path));
  const stray = inspect(model).external.find(
    (tensor) => !isHandedOver(tensor) || !given.has(sliceOf(tensor).path),
  );
  if (stray) throw new OnnxError('external-data', `The tensor '${stray.name}' lies outside the model.`);
}
