/** The blob of an hour's entries, a line each: `2026-03-01T10` is `2026/03/01/10.jsonl`. */
export function entriesBlob(segment: string): string {
  return `${folderOf(segment)}.jsonl`;
}

/** The blob of an hour's checkpoints, a line each. */
export function checkpointsBlob(segment: string): string {
  return `${folderOf(segment)}.heads.jsonl`;
}

/** The hour of a blob of either kind; `undefined` for any other name. */
export function segmentOf(name: string): string | undefined {
  const parts = /^(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(?:\.heads)?\.jsonl$/.exec(name);
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}` : undefined;
}

function folderOf(segment: string): string {
  return segment.replaceAll(/[-T]/g, '/');
}
