/*
 * Where summaries lie in the container `profiles`, by hours and days of UTC:
 * `<workspace>/<endpoint>/summaries/yyyy/mm/dd/hh/<instance>.jsonl`  what an instance counted in an hour, as it did;
 * `<workspace>/<endpoint>/summaries/yyyy/mm/dd/hh.jsonl`             all of the hour, by minute, once it is over;
 * `<workspace>/<endpoint>/summaries/yyyy/mm/dd.jsonl`                all of the day, by hour, once it is over;
 * `<workspace>/<endpoint>/summaries/totals.json`                    the sums of all days before yesterday.
 */

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export type Owner = { readonly workspace: string; readonly endpoint: string };

export function instanceBlob(owner: Owner, at: number, instance: string): string {
  return `${hourFolder(owner, at)}${instance}.jsonl`;
}

/** Ends in `/`. */
export function hourFolder(owner: Owner, at: number): string {
  return `${dayFolder(owner, at)}${new Date(at).toISOString().slice(11, 13)}/`;
}

/** Ends in `/`. */
export function dayFolder(owner: Owner, at: number): string {
  return `${summariesFolder(owner)}${new Date(at).toISOString().slice(0, 10).replaceAll('-', '/')}/`;
}

/** Ends in `/`. */
export function summariesFolder({ workspace, endpoint }: Owner): string {
  return `${workspace}/${endpoint}/summaries/`;
}

export function hourBlob(owner: Owner, at: number): string {
  return `${hourFolder(owner, at).slice(0, -1)}.jsonl`;
}

export function dayBlob(owner: Owner, at: number): string {
  return `${dayFolder(owner, at).slice(0, -1)}.jsonl`;
}

/** The beginnings of the spans that a time from `from` to before `to` touches. */
export function spans(from: number, to: number, length: number): number[] {
  const first = Math.floor(from / length) * length;
  return Array.from({ length: Math.max(0, Math.ceil((to - first) / length)) }, (_, i) => first + i * length);
}

export function totalsBlob(owner: Owner): string {
  return `${summariesFolder(owner)}totals.json`;
}
