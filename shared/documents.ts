/**
 * The envelope of every document. `v` is the schema version of its `type`: a reader upcasts older
 * ones, a writer always writes the newest.
 */
export type Document = {
  readonly id: string;
  readonly type: string;
  readonly v: number;
  readonly workspace: string;
};

/** A document as read from the store, with the etag a conditional write needs. */
export type Stored<T> = { readonly doc: T; readonly etag: string };
