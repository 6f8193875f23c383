import type { FieldCursor } from './decode.ts';
import { bytesHeader } from './encode.ts';
import type { FileSlice } from './external.ts';

/**
 * Bytes that are not yet joined: pieces of the original, new ones between them, and slices of other files.
 * A copy of a large model so costs no second one in memory.
 */
export type Piece = Uint8Array | FileSlice;

/**
 * A message with some of its fields changed; everything else, known or not, stays byte by byte. `change`
 * gives the fields that stand in for one, none to drop it, or `undefined` to keep it. Returns `undefined`
 * where nothing changed.
 */
export function rewritten(
  source: Uint8Array,
  message: FieldCursor,
  change: (field: FieldCursor) => readonly Piece[] | undefined,
): Piece[] | undefined {
  const pieces: Piece[] = [];
  let keptFrom = message.end;
  let changed = false;
  while (message.next()) {
    const fields = change(message);
    if (fields === undefined) continue;
    changed = true;
    if (keptFrom < message.fieldStart) pieces.push(source.subarray(keptFrom, message.fieldStart));
    for (const field of fields) pieces.push(field);
    keptFrom = message.end;
  }
  if (!changed) return undefined;
  if (keptFrom < message.end) pieces.push(source.subarray(keptFrom, message.end));
  return pieces;
}

/** A field that holds these pieces, with its tag and length before them. */
export function fieldOf(field: number, pieces: readonly Piece[]): Piece[] {
  return [bytesHeader(field, bytesIn(pieces)), ...pieces];
}

export function bytesIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : piece.length), 0);
}
