import type { Context } from '../context.ts';
import type { VersionReady } from '../registry/index.ts';

/**
 * Megabytes of an instance that are not for models: the Functions host, Node.js with this app, the runtime of ONNX,
 * and the requests that are being answered.
 */
export const reservedMb = 256;

const megabyte = 1024 * 1024;
const memoryBytesMin = megabyte;

/** Bytes of a loaded model: what was measured when it was tried, in a process of its own, and no less than its weights. */
export function memoryOf({ served, timings }: Pick<VersionReady, 'served' | 'timings'>): number {
  const weights = served.external.reduce((sum, { bytes }) => sum + bytes, served.bytes);
  return Math.max(memoryBytesMin, weights, timings.memoryBytes);
}

/** Bytes of the largest model that an instance of this deployment serves. */
export function modelBytesMax({ settings }: Pick<Context, 'settings'>): number {
  return Math.max(0, settings.instanceMb - reservedMb) * megabyte;
}

/** Why a version is too large for the instances of this deployment, with both numbers; `undefined` where it is not. */
export function whyTooLarge(
  ctx: Pick<Context, 'settings'>,
  ready: Pick<VersionReady, 'served' | 'timings'>,
): string | undefined {
  const bytes = memoryOf(ready);
  const most = modelBytesMax(ctx);
  if (bytes <= most) return undefined;
  return `needs ${Math.ceil(bytes / megabyte)} MB of memory, and an instance of ${ctx.settings.instanceMb} MB (CAIRN_INSTANCE_MB) has ${Math.floor(most / megabyte)} MB for a model; serve a smaller one, or choose larger instances.`;
}
