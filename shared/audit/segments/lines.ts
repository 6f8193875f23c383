/** No entry or checkpoint is longer. */
const lineBytesMax = 1024 * 1024;

/**
 * The lines of a text as it comes, without their line feeds. A line that is too long, is not UTF-8 or has no line
 * feed at its end is given as one that nobody can have written: with U+FFFD in it.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield textOf(bytes.subarray(from, end), isTooLong);
      isTooLong = false;
      from = end + 1;
    }
    isTooLong ||= bytes.length - from > lineBytesMax;
    rest = isTooLong ? Buffer.alloc(0) : bytes.subarray(from);
  }
  if (rest.length > 0 || isTooLong) yield `${textOf(rest, isTooLong)}\ufffd`;
}

function textOf(bytes: Uint8Array, isTooLong: boolean): string {
  if (isTooLong) return '\ufffd';
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '\ufffd';
  }
}
