/** A problem the person starting the host can fix; its message names the problem and the fix. */
export class HostError extends Error {
  override name = 'HostError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stack when there is one, for a log. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
