import type { Context } from '../context.ts';
import type { VersionReady } from '../registry/index.ts';
import {
  areOutputs,
  type Loaded,
  type MeasurePlan,
  type Reply,
  type Source,
  type Tensors,
} from '../sessions/index.ts';
import { RunFailed, LoadFailed } from './failure.ts';
import { discard, localFile, storedFile } from './files.ts';
import { Gone, type Place } from './place.ts';

/** Who asks for a model, and the version by which they know it: workspaces that share one keep files of their own. */
export type Asker = { readonly ctx: Context; readonly ready: VersionReady };

type LoadOptions = { readonly plan?: MeasurePlan; readonly unlessLoops?: boolean };

/** A model in a place. Where the place has ended meanwhile, the model is loaded again when it is run. */
export class Resident {
  readonly place: Place;
  /** As it was found when it was first loaded. */
  readonly found: Loaded;
  readonly #load: () => Promise<Loaded>;
  #life: number;
  #loaded: Promise<Loaded>;

  constructor(place: Place, loaded: Loaded, reload: () => Promise<Loaded>) {
    this.place = place;
    this.found = loaded;
    this.#load = reload;
    this.#life = place.life();
    this.#loaded = Promise.resolve(loaded);
  }

  /** Throws {@link RunFailed}, or {@link Gone}; `deadline` in ms as `performance.now()` counts. */
  async run(feeds: Tensors, deadline: number): Promise<Tensors> {
    const { handle } = await this.#current();
    const until = Date.now() + deadline - performance.now();
    const request = { kind: 'run', handle, feeds, until } as const;
    const reply = await this.place.ask(request, Number.isFinite(deadline) ? deadline : undefined);
    if (reply.kind === 'answered') {
      if (this.place.mode !== 'process' || areOutputs(reply.outputs, this.found.outputs))
        return reply.outputs;
      throw new RunFailed('What came back are not the outputs of the model.');
    }
    if (reply.kind === 'failed' && reply.why === 'late') throw new Gone('late', reply.detail);
    throw new RunFailed(reply.kind === 'failed' ? reply.detail : `A run was answered by '${reply.kind}'.`);
  }

  async release(): Promise<void> {
    const loaded = await this.#loaded.catch(() => null);
    const isThere = loaded !== null && this.#life === this.place.life();
    if (isThere && this.place.mode !== 'process')
      await this.place.ask({ kind: 'release', handle: loaded.handle });
    this.place.close();
  }

  #current(): Promise<Loaded> {
    const life = this.place.life();
    if (this.#life !== life) {
      this.#life = life;
      this.#loaded = this.#load();
      // What does not load now may load for the next caller.
      this.#loaded.catch(() => (this.#life = Number.NaN));
    }
    return this.#loaded;
  }
}

/**
 * Loads a version in a place, and should that end, again by the files of `asker`, who asked for it last; `null` where
 * it has loops and was not to be loaded then. Throws {@link LoadFailed}, `conflict`, {@link Gone}.
 */
export async function loadAt(
  asker: () => Asker,
  place: Place,
  options: LoadOptions = {},
): Promise<Resident | null> {
  const reply = await load(asker(), place, options);
  if (reply.kind === 'has-loops') return null;
  return new Resident(place, reply, async () => {
    const again = await load(asker(), place, {});
    if (again.kind === 'loaded') return again;
    throw new Error('A model was refused for its loops when it was loaded again.');
  });
}

type Opened = Extract<Reply, { kind: 'loaded' | 'has-loops' }>;

/** A copy on disk that is not what it was is thrown away and brought anew; where that does not help, the disk is left out. */
async function load({ ctx, ready }: Asker, place: Place, options: LoadOptions): Promise<Opened> {
  for (const bring of [localFile, localFile, storedFile]) {
    const external: Source[] = [];
    const model = await bring(ctx, ready.version, ready.served);
    for (const file of ready.served.external) external.push(await bring(ctx, ready.version, file));
    const reply = await place.ask({ kind: 'load', model, external, ...options });
    if (reply.kind === 'loaded' || reply.kind === 'has-loops') return reply;
    if (reply.kind !== 'failed') break;
    if (reply.why !== 'spoilt') throw new LoadFailed(reply.reason, reply.detail);
    ctx.log.warn('model file on disk was not what it was', { version: ready.version, digest: ready.digest });
    await discard(reply.reason);
  }
  throw new Error('A model was not loaded.');
}
