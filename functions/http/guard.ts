import type { Context } from '../../shared/context.ts';
import type { Call, Route } from '../../shared/http/index.ts';

/** What refuses a call of `route` unless the caller has its role on what the input names. */
export function guard(ctx: Context, { role }: Route): Call['authorize'] {
  return () => {
    if (role !== 'public' && role !== 'signed-in') ctx.access.require(role);
    return Promise.resolve();
  };
}
