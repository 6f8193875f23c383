import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { outsideLedgers } from '../ledger.ts';
import { countDropped } from '../summaries/index.ts';
import { tensorBytes, type Tensors } from '../sessions/index.ts';
import { answeredBy, countFailure } from './count.ts';
import { fitsPort } from './fill.ts';
import type { Target } from './target.ts';

/** Copies that wait for a mirror, at most; beyond it they are dropped, and counted. */
const waitingMax = 64;
const waitingBytesMax = 16 * 1024 * 1024;

type Copy = {
  readonly ctx: Context;
  readonly mirror: Target;
  readonly inputs: Tensors;
  readonly bytes: number;
};
type Ask = (ctx: Context, mirror: Target, inputs: Tensors) => Promise<unknown>;
type Waiting = { readonly copies: Copy[]; bytes: number; working: boolean };

const lines = new WeakMap<Stores, Waiting>();

/**
 * Gives a mirror a copy of a call, of which the caller learns nothing. Copies are asked one after the other and behind
 * the caller's back; where they come faster than the mirror answers, some are dropped and counted as such.
 */
export function mirrorCall(ctx: Context, mirror: Target, inputs: Tensors, ask: Ask): void {
  const line = lineOf(ctx.stores);
  const bytes = tensorBytes(inputs);
  if (line.copies.length >= waitingMax || line.bytes + bytes > waitingBytesMax)
    return countDropped(ctx, mirror.endpoint.name, answeredBy(mirror));
  line.copies.push({ ctx, mirror, inputs, bytes });
  line.bytes += bytes;
  if (line.working) return;
  line.working = true;
  // When the caller has been answered.
  outsideLedgers(() => setImmediate(() => void work(line, ask)));
}

async function work(line: Waiting, ask: Ask): Promise<void> {
  for (let copy = line.copies.shift(); copy; copy = line.copies.shift()) {
    const { ctx, mirror, inputs, bytes } = copy;
    line.bytes -= bytes;
    try {
      if (takes(mirror, inputs)) await ask(ctx, mirror, inputs);
      else countFailure(ctx, mirror, unfit);
    } catch (error) {
      // It is counted; its words may quote what was asked.
      if (!(error instanceof CairnError)) ctx.log.warn('mirror failed', { endpoint: mirror.endpoint.name });
    }
    // Calls that came meanwhile go first.
    await new Promise<void>((resume) => setImmediate(resume));
  }
  line.working = false;
}

const unfit = new CairnError('invalid', 'The mirror does not take what the call holds.');

/** Whether a model takes inputs that were read for another one. */
function takes({ model }: Target, inputs: Tensors): boolean {
  return (
    model.inputs.length === Object.keys(inputs).length &&
    model.inputs.every((port) => {
      const given = inputs[port.name] as Tensors[string] | undefined;
      return given?.type === port.type && fitsPort(port, given.dims);
    })
  );
}

function lineOf(stores: Stores): Waiting {
  let line = lines.get(stores);
  if (!line) lines.set(stores, (line = { copies: [], bytes: 0, working: false }));
  return line;
}
