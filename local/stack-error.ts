/** A problem the user can fix; its message is one line that names problem and fix. */
export class StackError extends Error {
  override name = 'StackError';
}
