/** Stands on the standard error of a process, with the bytes that it held, when it ended itself for want of memory. */
export const memoryMark = /cairn: (\d+) bytes of memory/;
