import { inspect, type Inspection, isHandedOver, OnnxError, sliceOf } from '../onnx/index.ts';
import { type ExternalData, load, LoadError, type Session } from './runtime.ts';

/**
 * Loads a model with the files it refers to, after a look at what it says of itself.
 * @throws {LoadError} for a model that cannot be served, which is also one that refers to anything else.
 */
export async function openSession(
  model: Uint8Array,
  externalData: readonly ExternalData[] = [],
  look: (model: Inspection) => void = () => {},
): Promise<Session> {
  const inspection = inspected(model);
  checkExternal(inspection, externalData);
  look(inspection);
  return load(model, externalData);
}

function inspected(model: Uint8Array): Inspection {
  try {
    return inspect(model);
  } catch (cause) {
    if (cause instanceof OnnxError) throw new LoadError(cause.message, { cause });
    throw cause;
  }
}

/**
 * What the runtime is not handed it would look for in the folder of this process, and read whatever lies
 * there; where it is handed files, it still does so for weights of branches.
 */
function checkExternal({ external }: Inspection, externalData: readonly ExternalData[]): void {
  const given = new Set(externalData.map(({ path }) => path));
  const stray = external.find((tensor) => !isHandedOver(tensor) || !given.has(sliceOf(tensor).path));
  if (stray) throw new LoadError(`The tensor '${stray.name}' lies outside the model.`);
}
