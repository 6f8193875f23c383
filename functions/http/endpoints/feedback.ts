import * as z from 'zod';
import {
  type Call,
  CairnError,
  fields,
  json,
  parse,
  problem,
  type Route,
  route,
  type Surface,
  uploadOf,
} from '../../../shared/http/index.ts';
import { getEndpoint } from '../../../shared/endpoints/index.ts';
import {
  checkLabelled,
  type LabelFileKind,
  labelsMax,
  readLabelFile,
  recordLabels,
} from '../../../shared/predictions/index.ts';
import { ofNamed, onEndpoint } from '../batch/owner.ts';

const endpoint = z.string({ error: 'must be the name of an endpoint' }).min(1);
const label = z.union([z.string(), z.number()], {
  error: 'must be text or a number, which is 1 or 0 for true or false',
});

/** One label, or many of one endpoint. */
const feedback = z
  .strictObject({
    endpoint,
    prediction_id: fields.text.optional(),
    label: label.optional(),
    labels: z
      .array(z.strictObject({ prediction_id: fields.text, label }), {
        error: 'must be a list of {prediction_id, label}',
      })
      .min(1, 'must hold at least one label')
      .max(labelsMax, `must hold at most ${labelsMax} labels; send more as a file`)
      .optional(),
  })
  .refine(
    ({ prediction_id, label: given, labels }) =>
      (labels === undefined) === (prediction_id !== undefined && given !== undefined) &&
      (prediction_id === undefined) === (given === undefined),
    {
      path: ['labels'],
      error: "give either 'prediction_id' and 'label', or 'labels': a list of {prediction_id, label}",
    },
  );

const ofFile = z.strictObject({ endpoint });

const ofBody = route('POST', '/api/v1/feedback', {
  operation: 'recordFeedback',
  role: 'contributor',
  scope: { on: [onEndpoint] },
  input: feedback,
  async handle(ctx, { endpoint: name, prediction_id, label: only, labels }) {
    await checkLabelled(ctx, await ofNamed({ endpoint: name }, getEndpoint(ctx, name)));
    if (prediction_id !== undefined && only !== undefined) {
      await recordLabels(ctx, name, [{ predictionId: prediction_id, label: only }], (_, field) => field);
      return { recorded: 1 };
    }
    const given = (labels ?? []).map((each) => ({ predictionId: each.prediction_id, label: each.label }));
    await recordLabels(ctx, name, given);
    return { recorded: given.length };
  },
});

/** The same with a file as body, of the endpoint that the query names. */
const feedbackRoute: Route = {
  ...ofBody,
  async read(call) {
    if (!kindOf(call)) return ofBody.read?.(call) ?? {};
    return parse(ofFile, Object.fromEntries(call.url.searchParams));
  },
  async handle(ctx, call, input) {
    const kind = kindOf(call);
    if (!kind) return ofBody.handle(ctx, call, input);
    const name = String(input['endpoint']);
    await checkLabelled(ctx, await ofNamed({ endpoint: name }, getEndpoint(ctx, name)));
    const { labels, nameOf } = await readLabelFile(uploadOf(call.request).body, kind);
    await recordLabels(ctx, name, labels, nameOf);
    return json({ recorded: labels.length });
  },
};

const kinds: Readonly<Record<string, LabelFileKind>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
};

/** Which file the body is; `undefined` for JSON. */
function kindOf({ request }: Call): LabelFileKind | undefined {
  const [type = '', ...parameters] = (request.headers.get('content-type') ?? '').toLowerCase().split(';');
  const kind = kinds[type.trim()];
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='));
  if (kind && charset !== undefined && charset.replaceAll('"', '') !== 'charset=utf-8')
    throw new CairnError('unsupported-media', 'Send the file as UTF-8.');
  return kind;
}

/** What turned out to be true of predictions, sent back by those who asked for them. */
export const feedbacks: Surface = {
  name: 'feedback',
  part: 'inference',
  errors: problem,
  routes: [feedbackRoute],
};
