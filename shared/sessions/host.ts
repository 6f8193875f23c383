import type { Inspection } from '../onnx/index.ts';
import { measure, type Measured, type MeasurePlan } from './measure.ts';
import { LoadError, type Session } from './runtime.ts';
import { openSession } from './session.ts';
import { bytesOf, type Source, SpoiltFile } from './source.ts';
import { workedMilliseconds } from './stopwatch.ts';
import type { Port, Tensors } from './tensor.ts';

/**
 * Models by number, loaded and run on request: what a thread, a process and the app itself do alike. The
 * requests and answers are plain data, so that they can be sent.
 */
export type Request =
  | {
      readonly kind: 'load';
      readonly model: Source;
      readonly external: readonly Source[];
      /** Not measured without one. */
      readonly plan?: MeasurePlan;
      /** A model with loops is not loaded: nobody knows when a run of it ends. */
      readonly unlessLoops?: boolean;
    }
  | {
      readonly kind: 'run';
      readonly handle: number;
      readonly feeds: Tensors;
      /** When nobody waits any more, in ms since 1970 by the machine's clock: it is not begun then. */
      readonly until?: number;
    }
  | { readonly kind: 'release'; readonly handle: number };

export type Loaded = {
  readonly handle: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly createMilliseconds: number;
  readonly measured: Measured | null;
};

export type Reply =
  | ({ readonly kind: 'loaded' } & Loaded)
  | { readonly kind: 'has-loops' }
  | { readonly kind: 'answered'; readonly outputs: Tensors }
  | { readonly kind: 'released' }
  | {
      readonly kind: 'failed';
      readonly why: 'load' | 'run' | 'spoilt' | 'late';
      /** `load`: for people, as a sentence. `spoilt`: the file. */
      readonly reason: string;
      /** What the runtime said, for the log. */
      readonly detail: string;
    };

/** Answers requests; it never rejects. A model must not be released while it runs. */
export function modelHost(): (request: Request) => Promise<Reply> {
  const sessions = new Map<number, Session>();
  let handles = 0;
  const answer = async (request: Request): Promise<Reply> => {
    switch (request.kind) {
      case 'load':
        return open(request, (session) => {
          sessions.set(++handles, session);
          return handles;
        });
      case 'run':
        return run(sessions.get(request.handle), request);
      case 'release': {
        const session = sessions.get(request.handle);
        sessions.delete(request.handle);
        await session?.release();
        return { kind: 'released' };
      }
    }
  };
  return (request) => answer(request).catch((error: unknown) => failed('run', error));
}

class HasLoops extends Error {}

async function open(
  { model, external, plan, unlessLoops }: Extract<Request, { kind: 'load' }>,
  keep: (session: Session) => number,
): Promise<Reply> {
  let session: Session | undefined;
  try {
    const bytes = await bytesOf(model);
    const weights: { path: string; data: Uint8Array }[] = [];
    for (const source of external) weights.push({ path: source.path, data: await bytesOf(source) });
    await warmRuntime();
    const begun = workedMilliseconds();
    session = await openSession(bytes, weights, (inspection) => {
      if (unlessLoops && loops(inspection)) throw new HasLoops();
    });
    const createMilliseconds = workedMilliseconds() - begun;
    const measured = plan ? await measure(session, plan) : null;
    const { inputs, outputs } = session;
    return { kind: 'loaded', handle: keep(session), inputs, outputs, createMilliseconds, measured };
  } catch (error) {
    await session?.release();
    if (error instanceof HasLoops) return { kind: 'has-loops' };
    if (error instanceof SpoiltFile)
      return { kind: 'failed', why: 'spoilt', reason: error.file, detail: error.message };
    return failed('load', error);
  }
}

async function run(
  session: Session | undefined,
  { feeds, until = Number.POSITIVE_INFINITY }: Extract<Request, { kind: 'run' }>,
): Promise<Reply> {
  if (Date.now() >= until) return { kind: 'failed', why: 'late', reason: '', detail: 'not begun' };
  try {
    if (!session) throw new Error('The model is not loaded here.');
    return { kind: 'answered', outputs: await session.run(feeds) };
  } catch (error) {
    return failed('run', error);
  }
}

function loops({ operators }: Inspection): boolean {
  return ['Loop', 'Scan'].some((operator) => (operators[operator] ?? 0) > 0);
}

function failed(why: 'load' | 'run', error: unknown): Reply {
  const cause = error instanceof LoadError ? (error.cause ?? error) : error;
  return {
    kind: 'failed',
    why,
    reason: error instanceof LoadError ? error.message : '',
    detail: String(cause instanceof Error ? cause.message : cause).slice(0, 2000),
  };
}

let warm: Promise<unknown> | undefined;

/** What the first model of a thread waits for is the runtime's start, and not the model's to account for. */
function warmRuntime(): Promise<unknown> {
  warm ??= import('onnxruntime-node').then(({ InferenceSession }) =>
    InferenceSession.create(Uint8Array.of(0), { logSeverityLevel: 4 }).catch(() => undefined),
  );
  return warm;
}
