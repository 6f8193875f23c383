/** How work is divided and how long it may take. Tests use small ones. */
export type Pace = {
  readonly chunkBytes: number;
  /** Output staged at once. */
  readonly partBytes: number;
  /** Rows the model scores at once; fewer of a slow one. */
  readonly rowsAtOnce: number;
  readonly leaseSeconds: number;
  /** How often a worker says that it lives. */
  readonly heartbeatSeconds: number;
  /**
   * How often it stages what it has, however little, and records it: more often than the timer looks after a job, so
   * that a worker comes further each time, though one whose clock is wrong takes its chunk away every minute.
   */
  readonly checkpointSeconds: number;
  /** After so long a worker hands its work on in a new message, well before the host would end it. */
  readonly workSecondsMax: number;
  /** The same where a smaller job waits, and the longest that it then gets; both together end before the host does. */
  readonly turnSeconds: number;
  readonly failuresMax: number;
  /** A pending chunk is asked for again when no message was sent for so long; then twice as long, and so on. */
  readonly resendSeconds: number;
};

export const usualPace: Pace = {
  chunkBytes: 16 * 1024 * 1024,
  partBytes: 4 * 1024 * 1024,
  rowsAtOnce: 4096,
  leaseSeconds: 40,
  heartbeatSeconds: 10,
  checkpointSeconds: 20,
  workSecondsMax: 300,
  turnSeconds: 60,
  failuresMax: 5,
  resendSeconds: 300,
};

/** Chunks that files are cut into at most, beside one of each, so that their documents can be read together; larger ones get larger chunks. */
const chunksMax = 2000;

export function chunkBytesOf(inputBytes: number, pace: Pace): number {
  return Math.max(pace.chunkBytes, Math.ceil(inputBytes / chunksMax));
}
