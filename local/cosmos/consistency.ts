import type { Container } from './catalog.ts';
import { CosmosError } from './errors.ts';
import type { ItemRow } from './store/container-store.ts';
import { HEADER, type Headers } from './wire.ts';

/** How fresh a read must be. The account's default is Strong; a request may relax it. */
export type Freshness = {
  /** True where one replica is asked, at half the price. */
  isRelaxed: boolean;
  /** The last commit that the reader must see; Infinity for the latest. */
  since: number;
};

type Overlay = ReadonlyMap<number, { row: ItemRow | undefined }>;
const FRESH: Overlay = new Map();

/** @throws CosmosError 400 for a level that does not exist */
export function freshnessOf(headers: Headers): Freshness {
  const level = headers[HEADER.consistency];
  switch (level) {
    case undefined:
    case 'Strong':
    case 'BoundedStaleness':
      return { isRelaxed: false, since: Infinity };
    case 'Session':
      return { isRelaxed: true, since: sessionLsn(headers[HEADER.sessionToken]) };
    case 'ConsistentPrefix':
    case 'Eventual':
      return { isRelaxed: true, since: 0 };
    default:
      throw new CosmosError(400, `'${level}' is not a consistency level.`);
  }
}

/** The items that the reader sees as they were. */
export function overlayFor(container: Container, { since }: Freshness): Overlay {
  return since >= container.store.lsn ? FRESH : container.store.history.overlay(since);
}

/** Looks an item up by key as the reader sees it. */
export function storedFor(
  container: Container,
  freshness: Freshness,
): (pk: string, id: string) => ItemRow | undefined {
  if (freshness.since >= container.store.lsn) return (pk, id) => container.store.get(pk, id);
  const overlay = container.store.history.overlay(freshness.since);
  return (pk, id) => {
    const entries = [...overlay.values()].filter(({ change }) => change.pk === pk && change.id === id);
    if (entries.length === 0) return container.store.get(pk, id);
    // An item that was deleted and made again has several numbers; the old reader sees the one that was there.
    return entries.find(({ row }) => row !== undefined)?.row;
  };
}

/** The commit in a session token such as `0:-1#42,1:-1#40`. */
function sessionLsn(token: string | undefined): number {
  const commits = (token ?? '').split(',').map((part) => Number(part.split('#')[1] ?? 0));
  return Math.max(0, ...commits.filter((commit) => Number.isFinite(commit)));
}
