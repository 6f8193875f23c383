/**
 * Makes Azurite's removal of what no blob refers to any more hold nobody up. Every ten minutes it takes such extents
 * out of its metadata one by one, for each of which LokiJS sorts all that are left anew, and answers nobody meanwhile:
 * after an hour's work of tests, or ten minutes of hard ones, that is minutes.
 */
import { setImmediate } from 'node:timers/promises';

interface ExtentStore {
  prototype: {
    deleteExtent: (this: Extents, id: string) => Promise<void>;
  };
}

interface Extents {
  db: { getCollection(name: string): Collection };
  EXTENTS_COLLECTION: string;
}

interface Collection {
  findOne(query: { id: string }): object | null;
  remove(document: object): void;
}

/** @param extentStore Azurite's `LokiExtentMetadataStore`; must be called before it is used. */
export function sweepGently({ prototype }: ExtentStore): void {
  prototype.deleteExtent = async function (id) {
    const extents = this.db.getCollection(this.EXTENTS_COLLECTION);
    const extent = extents.findOne({ id });
    if (extent) extents.remove(extent);
    // Requests go between two of them.
    await setImmediate();
  };
}
