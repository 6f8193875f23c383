import * as z from 'zod';
import { askedInput, jobOptions, type JobRequest } from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { type Call, CairnError } from '../../../shared/http/index.ts';
import { ofOwner, requireOneOwner } from './owner.ts';

const keyCharsMax = 200;

/** The body that asks for a job: the options stand beside its other fields. */
export const newJob = z.strictObject({
  ...ofOwner,
  version: z
    .int({ error: 'must be the number of a version' })
    .positive({ error: 'must be the number of a version' })
    .optional(),
  alias: z
    .string({ error: 'must be an alias of the model' })
    .refine((alias) => alias !== '', 'must be an alias of the model')
    .optional(),
  input: z
    .string({ error: 'must be the name of a blob, a URI, or a prefix of names' })
    .min(1)
    .max(2000, 'must be at most 2000 characters'),
  prefix: z.boolean({ error: 'must be true or false' }).optional(),
  key: keyOf(z.string({ error: 'must be text' })).optional(),
  ...jobOptions.shape,
});

/** What a body asks for: what scores, what it scores, and the options beside these, in the words of the file of options. */
export async function requestOf(
  ctx: Context,
  body: z.output<typeof newJob>,
  { request }: Call,
): Promise<JobRequest> {
  const { endpoint, model, version, alias, input, prefix, key, ...options } = body;
  requireOneOwner(body);
  if (model === undefined && (version !== undefined || alias !== undefined))
    throw new CairnError(
      'invalid',
      'An endpoint scores by the version that it answers with; name a model instead.',
      {
        field: version === undefined ? 'alias' : 'version',
      },
    );
  if (version !== undefined && alias !== undefined)
    throw new CairnError('invalid', 'Both version and alias are given; leave one out.', { field: 'alias' });
  const hasOptions = Object.values(options).some((option) => option !== undefined);
  return {
    endpoint,
    model,
    version,
    alias,
    input: await askedInput(ctx, input, prefix),
    options: hasOptions ? options : undefined,
    key: keyIn(key, request.headers.get('idempotency-key')),
  };
}

/** The key that makes a job of its own, which is in the body or in a header. */
function keyIn(inBody: string | undefined, header: string | null): string | undefined {
  if (header === null) return inBody;
  const given = keyOf(z.string()).safeParse(header);
  if (!given.success)
    throw new CairnError('invalid', `The key ${given.error.issues[0]?.message}.`, {
      field: 'Idempotency-Key',
    });
  if (inBody === undefined || inBody === given.data) return given.data;
  throw new CairnError('invalid', 'key and the header Idempotency-Key differ; leave one out.', {
    field: 'key',
  });
}

function keyOf(text: z.ZodString) {
  return text
    .max(keyCharsMax, `must be at most ${keyCharsMax} characters`)
    .refine((key) => key !== '', 'must not be empty');
}
