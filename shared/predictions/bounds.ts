/**
 * What `buffer` durability can lose. Rows that were answered wait in the memory of the instance until their part is
 * written: as soon as a buffer holds `rows` or `bytes` (and the rest of the call that reached it), or all buffers of
 * the instance `openBytes`, or CAIRN_PREDICTION_FLUSH_SECONDS after the first row; writing takes `writeSeconds` at
 * most while the store answers. A process that is killed loses what is in memory at that moment, so nothing that was
 * answered earlier than CAIRN_PREDICTION_FLUSH_SECONDS + `writeSeconds` before. One that is told to stop writes
 * everything within `shutdownSeconds`, and loses nothing. While the store does not answer rows wait for it, up to
 * `waitingBytes`; beyond it the oldest are given up, and the next part of their endpoint counts them.
 * `queue` durability loses none: a call is answered when its rows are in a queue.
 */
export const lossBound = {
  rows: 5_000,
  bytes: 4 * 1024 * 1024,
  openBytes: 32 * 1024 * 1024,
  waitingBytes: 64 * 1024 * 1024,
  writeSeconds: 2,
  shutdownSeconds: 3,
} as const;
