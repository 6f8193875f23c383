import * as z from 'zod';
import { isElementType } from './tensor.ts';

/** What the child is asked: which files to load, how much memory that may take, and what to run. */
export type TrialJob = {
  readonly model: string;
  readonly external: readonly { readonly path: string; readonly file: string }[];
  readonly memoryBytesMax: number;
} & (
  | {
      readonly kind: 'trial';
      /** Tensors to run, as v8.serialize wrote them, where there are better ones than zeros. */
      readonly example: string | null;
    }
  | {
      readonly kind: 'answers';
      /** A list of tensors to run one after the other, and where to write the answers, both by v8.serialize. */
      readonly batches: string;
      readonly answers: string;
    }
);

/** What the child says first: all is at hand, and whatever happens from now on is the model's doing. */
export const trialBegins = 'begins';

const milliseconds = z.number().nonnegative();

/** What it answers. It has run a model that anybody may have sent: nothing of it is taken as it comes. */
export const trialAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('ran'),
    loadMilliseconds: milliseconds,
    runMillisecondsP50: milliseconds,
    runMillisecondsMax: milliseconds,
    memoryBytes: z.int().nonnegative(),
    outputs: z
      .array(
        z.object({
          name: z.string(),
          type: z.string().refine(isElementType),
          dims: z.array(z.int().nonnegative()).max(256),
        }),
      )
      .max(10_000),
  }),
  z.object({
    outcome: z.literal('answered'),
    outputs: z
      .array(
        z.object({
          name: z.string(),
          type: z.string().refine(isElementType),
          shape: z.array(z.union([z.int(), z.string()])).max(256),
        }),
      )
      .max(10_000),
  }),
  z.object({
    outcome: z.literal('failed'),
    step: z.enum(['load', 'run']),
    /** In words for people, where there are some. */
    reason: z.string().optional(),
    /** In the runtime's own words, for the log. */
    detail: z.string(),
  }),
]);
export type TrialAnswer = z.output<typeof trialAnswer>;
