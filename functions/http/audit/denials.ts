import { recordDenial } from '../../../shared/audit/index.ts';
import type { Context } from '../../../shared/context.ts';
import { isCode, isHiding, type Route } from '../../../shared/http/index.ts';

/**
 * Enters a call that failed with `error` in the audit log, where it was refused for who made it. Ends once that is
 * stored; at once where the answer is that nothing is there, which must take no longer than where nothing is.
 */
export async function enterDenial(
  ctx: Context,
  route: Route,
  request: Request,
  error: unknown,
): Promise<void> {
  const isRefused = isCode(error, 'unauthenticated', 'forbidden');
  if (!isRefused && !isHiding(error)) return;
  const entered = recordDenial(ctx, {
    operation: route.operation,
    method: request.method,
    path: new URL(request.url).pathname,
    role: route.role,
    code: isRefused ? error.code : 'hidden',
    address: addressOf(request),
  });
  if (isRefused) await entered;
}

/** The address that the last proxy saw, which in Azure is the platform's own; what comes before it anybody can write. */
function addressOf(request: Request): string {
  const last = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  const parts = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$|^\[(.+)\](?::\d+)?$/.exec(last);
  return parts?.[1] ?? parts?.[2] ?? last;
}
