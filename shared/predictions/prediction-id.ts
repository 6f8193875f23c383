import { CairnError } from '../http/index.ts';
import { excerpt } from '../redaction/index.ts';

/** `yyyymmddhh` in UTC. */
export type Hour = string;

export type PredictionId = { readonly hour: Hour; readonly buffer: string; readonly row: number };

const pattern = /^(\d{10})-([0-9a-f]{16})-(\d{1,9})-([0-9a-f]{8})$/;

/** The hour that a time lies in. */
export function hourOf(milliseconds: number): Hour {
  return new Date(milliseconds).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
}

/** When an hour begins, in milliseconds since 1970. */
export function startOf(hour: Hour): number {
  return Date.parse(`${hourFolder(hour).replace('/', 'T')}:00:00.000Z`);
}

/** `yyyy-mm-dd/hh`, as the log's folders are named. */
export function hourFolder(hour: Hour): string {
  return `${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}/${hour.slice(8)}`;
}

/**
 * Ids of consecutive rows of a buffer: `<yyyymmddhh>-<buffer>-<row>-<check>`. The hour and the buffer
 * name the part that holds the row, so a label needs no index; the check digits cover workspace and
 * endpoint as well, so a mistyped id, or one of another endpoint, is told from a real one.
 */
export function predictionIds(
  owner: string,
  hour: Hour,
  buffer: string,
  firstRow: number,
  rows: number,
): string[] {
  const prefix = `${hour}-${buffer}-`;
  const state = fnv(fnv(fnvOffset, `${owner}/`), prefix);
  const ids = new Array<string>(rows);
  for (let i = 0; i < rows; i++) {
    const row = String(firstRow + i);
    ids[i] = `${prefix}${row}-${finish(fnv(state, row))}`;
  }
  return ids;
}

/** Reads an id that {@link predictionIds} made for `owner`. Throws `invalid`, naming `field`, for any other text. */
export function parsePredictionId(owner: string, id: string, field: string): PredictionId {
  const [, hour = '', buffer = '', digits = ''] = pattern.exec(id) ?? [];
  const row = Number(digits);
  if (hour !== '' && isHour(hour) && predictionIds(owner, hour, buffer, row, 1)[0] === id)
    return { hour, buffer, row };
  throw new CairnError(
    'invalid',
    `${field} is not the id of a prediction of this endpoint: '${excerpt(id, 80)}'. Send back the ids that came with its predictions.`,
    { field },
  );
}

function isHour(hour: Hour): boolean {
  const time = startOf(hour);
  return !Number.isNaN(time) && hourOf(time) === hour;
}

/** FNV-1a with 32 bits, http://www.isthe.com/chongo/tech/comp/fnv/. All text here is ASCII. */
const fnvOffset = 0x811c9dc5;

function fnv(state: number, text: string): number {
  let hash = state;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The finaliser of MurmurHash3, so that neighbouring rows do not get neighbouring digits. */
function finish(state: number): string {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return `${hex(hash >>> 24)}${hex(hash >>> 16)}${hex(hash >>> 8)}${hex(hash)}`;
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The lowest byte as two digits: looked up, for each row of each call has four. */
function hex(hash: number): string {
  return digits[hash & 255] ?? '';
}
