/** Places in the memory that the app and the thread of its models share. */
export const threadStates = {
  /** 1 while the thread has something to do. */
  busy: 0,
  /** 1 once the process is ending. */
  closing: 1,
} as const;
