import * as z from 'zod';
import type { Document } from '../documents.ts';
import type { DataPolicy } from '../privacy/index.ts';

/**
 * A name under which a model answers. It follows an alias of the model: `stable` is the version that
 * alias held when it was last ready, and is absent until there is one.
 */
export type Endpoint = Document & {
  readonly type: 'endpoint';
  readonly name: string;
  readonly modelId: string;
  /** The model's name when the endpoint was made; `modelId` is what counts. */
  readonly model: string;
  readonly alias: string;
  readonly stable?: Pinned;
  readonly labels?: Readonly<Record<string, string>>;
  readonly dataPolicy?: DataPolicy;
  /** Number of the last event of this endpoint. */
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** The version that answers, by number and by the digest of its bytes. */
export type Pinned = { readonly version: number; readonly digest: string };

export const endpointName = z
  .string({ error: 'must be text' })
  .regex(/^[a-z][a-z0-9-]{2,31}$/, 'must be 3 to 32 of a-z, 0-9 and hyphens, and start with a letter');

export type NewEndpoint = {
  readonly name: string;
  /** Name of a registered model. */
  readonly model: string;
  readonly alias: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
};

export function endpointId(name: string): string {
  return `endpoint:${name}`;
}
