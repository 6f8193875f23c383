import type { Context } from '../../../shared/context.ts';
import { type Call, CairnError, type Input, isCode } from '../../../shared/http/index.ts';
import { type Live, liveOf } from '../../../shared/serving/index.ts';

/** The endpoint that a path of the protocol names as a model. */
export async function liveModel(ctx: Context, { params }: Call): Promise<Live> {
  return liveOf(ctx, params['name'] ?? '').catch((error: unknown) => {
    throw isCode(error, 'not-found') ? unknownModel(params) : error;
  });
}

/** The words where there is no such model, or it does not answer with that version. */
export function unknownModel({ name, version }: Input): CairnError {
  const which = version === undefined ? '' : ` with version ${String(version).slice(0, 20)}`;
  return new CairnError('not-found', `Model ${String(name).slice(0, 100)}${which} not found`);
}
