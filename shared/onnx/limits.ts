import type { Inspection } from './inspect.ts';

/** The newest versions that the runtime of this platform (onnxruntime 1.30) loads. */
export const newest = { irVersion: 13, opsets: { '': 26, 'ai.onnx.ml': 5 } } as const;

/** Why the runtime is too old for a model, in a sentence without its subject; `undefined` where it is not. */
export function whyTooNew({
  irVersion,
  opsets,
}: Pick<Inspection, 'irVersion' | 'opsets'>): string | undefined {
  if (irVersion > newest.irVersion)
    return `its IR version is ${irVersion}; up to ${newest.irVersion} can be served. Save it with an older version of onnx, or with ir_version=${newest.irVersion}.`;
  for (const [domain, version] of Object.entries(newest.opsets)) {
    const used = opsets[domain] ?? 0;
    if (used > version)
      return `it uses opset ${used} of ${domain || 'ai.onnx'}; up to ${version} can be served. Export it with an older opset.`;
  }
  return undefined;
}
