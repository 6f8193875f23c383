import * as z from 'zod';
import type { Reply } from './host.ts';
import { isElementType } from './tensor.ts';

const milliseconds = z.number().nonnegative();
const ports = z
  .array(
    z.object({
      name: z.string(),
      type: z.string().refine(isElementType),
      shape: z.array(z.union([z.int(), z.string()])).max(256),
    }),
  )
  .max(10_000);

const reply = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('loaded'),
    handle: z.int(),
    inputs: ports,
    outputs: ports,
    createMilliseconds: milliseconds,
    measured: z
      .object({
        rowsFree: z.boolean(),
        oneRowMilliseconds: milliseconds.nullable(),
        perRowMilliseconds: milliseconds,
        p99Milliseconds: milliseconds.nullable(),
      })
      .nullable(),
  }),
  z.object({ kind: z.literal('has-loops') }),
  z.object({ kind: z.literal('answered'), outputs: z.custom<object>((value) => value instanceof Object) }),
  z.object({ kind: z.literal('released') }),
  z.object({
    kind: z.literal('failed'),
    why: z.enum(['load', 'run', 'spoilt', 'late']),
    reason: z.string(),
    detail: z.string(),
  }),
]);

const processAnswer = z.object({ id: z.int(), reply, memoryBytes: z.int().nonnegative() });

export type ProcessAnswer = { readonly id: number; readonly reply: Reply; readonly memoryBytes: number };

/**
 * What the process of a model says. It has run a model that anybody may have sent: nothing of it is taken as
 * it comes, and whether outputs are the model's is for {@link areOutputs} to say.
 */
export function parseProcessAnswer(message: unknown): ProcessAnswer | undefined {
  const parsed = processAnswer.safeParse(message);
  return parsed.success ? (parsed.data as ProcessAnswer) : undefined;
}
