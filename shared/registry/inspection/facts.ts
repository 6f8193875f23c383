import type { Inspection as OnnxModel } from '../../onnx/index.ts';
import type { ArtifactFacts } from '../model.ts';

const entriesMax = 100;
const textCharsMax = 200;

/** What an ONNX file is, cut to what a document can keep: the most frequent operators first. */
export function onnxFacts(path: string, model: OnnxModel): NonNullable<ArtifactFacts['onnx']> {
  const { producer, initializers } = model;
  const name = `${producer.name} ${producer.version}`.trim().slice(0, textCharsMax);
  return {
    path,
    irVersion: model.irVersion,
    opsets: frequent(model.opsets),
    operators: frequent(model.operators),
    ...(name === '' ? {} : { producer: name }),
    // Trees and linear models keep theirs in attributes: to say that they have none would mislead.
    ...(Number.isSafeInteger(initializers.elements) && initializers.elements > 0
      ? { parameters: initializers.elements }
      : {}),
  };
}

function frequent(counts: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return Object.fromEntries(
    entries.slice(0, entriesMax).map(([name, count]) => [name.slice(0, textCharsMax), count]),
  );
}
