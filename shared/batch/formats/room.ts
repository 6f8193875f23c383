/** Memory of chunks that are done, for the next ones: outside the heap it would lie about until all of that is marked. */
const spare: Buffer<ArrayBuffer>[] = [];
const sparesMax = 2;
const spareBytesMax = 8 * 1024 * 1024;
const firstBytes = 1024 * 1024;

/** A buffer to write to, with anything in it. */
export function takeRoom(): Buffer<ArrayBuffer> {
  return spare.pop() ?? Buffer.allocUnsafeSlow(firstBytes);
}

/** Leaves it to the next who needs one. Nobody may look at it any more. */
export function leaveRoom(buffer: Buffer<ArrayBuffer>): void {
  if (spare.length < sparesMax && buffer.length >= firstBytes && buffer.length <= spareBytesMax)
    spare.push(buffer);
}

/** The buffer, or a larger one that begins with the same `used` bytes, with room for `more` behind them. */
export function withRoom(buffer: Buffer<ArrayBuffer>, used: number, more: number): Buffer<ArrayBuffer> {
  if (used + more <= buffer.length) return buffer;
  const grown = Buffer.allocUnsafeSlow(Math.max(used + more, buffer.length * 2));
  buffer.copy(grown, 0, 0, used);
  return grown;
}
