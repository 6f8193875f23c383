import type { Context } from '../context.ts';
import { type DatasetRef, isReadable, resolveUri } from '../datasets/index.ts';
import { CairnError, hides, isCode, whyNoPath } from '../http/index.ts';
import { excerpt } from '../redaction/index.ts';
import { placeOfFolder } from './owner.ts';
import { parseName } from './names.ts';
import { unknownInput } from './found.ts';
import type { JobRequest } from './submit.ts';

/** Containers that a text may begin with; without one it is a name in `batch-input`. */
const containers = ['batch-input', 'batch-output', 'artifacts', 'predictions', 'monitoring'];
const quotedMax = 200;

/**
 * The blobs that a text names: `runs:/<run id>/<path>`, `mlflow-artifacts:/<path>`, `<container>/<name>`, or a name in
 * `batch-input`. One that ends in `/`, and with `prefix` any, names all that begin so. Whoever names blobs must be
 * allowed to read them: to others they are not there.
 * @throws {CairnError} `invalid` for what names nothing here, and `not-found`, both of field `input`
 */
export async function askedInput(
  ctx: Context,
  text: string,
  prefix: boolean = text.endsWith('/'),
): Promise<JobRequest['input']> {
  if (!prefix && text.endsWith('/'))
    throw refused(`'${excerpt(text, quotedMax)}' ends in '/': leave out prefix, or name one file.`);
  const ref = refOf(text);
  if (prefix && ref.kind === 'blob' && ref.uri.split('/').length < 3)
    throw refused(
      `'${excerpt(text, quotedMax)}' names no folder; a prefix begins with a whole one, as in <folder>/.`,
    );
  const cut = prefix ? ref.uri.lastIndexOf('/') + 1 : ref.uri.length;
  const rest = ref.uri.slice(cut);
  const why = rest === '' ? undefined : whyNoPath(rest);
  if (why !== undefined) throw refused(`No name can begin with '${excerpt(text, quotedMax)}': ${why}.`);
  // Whose it is and where it lies is told by the last folder that the prefix names whole.
  const stand = prefix ? '_' : '';
  const whole: DatasetRef = { ...ref, uri: `${ref.uri.slice(0, cut)}${stand}` };
  if (!(await mayRead(ctx, whole))) throw hides(unknownInput(text, containerOf(ref)));
  const { container, blob } = await located(ctx, whole, ref.uri);
  const folder = blob.slice(0, blob.length - stand.length);
  return { container, name: `${folder}${rest}`, isPrefix: prefix };
}

function refOf(text: string): DatasetRef {
  if (/^(runs|mlflow-artifacts):/i.test(text)) return { kind: 'artifact', uri: text };
  if (/^[a-z][a-z0-9+.-]*:/i.test(text))
    throw refused(
      `'${excerpt(text, quotedMax)}' is not read from here; copy it into batch-input, or use runs:/<run id>/<path> or mlflow-artifacts:/<path>.`,
    );
  const hasContainer = containers.includes(text.slice(0, text.indexOf('/')));
  return { kind: 'blob', uri: hasContainer ? text : `batch-input/${text}` };
}

function containerOf({ kind, uri }: DatasetRef): string {
  return kind === 'blob' ? uri.slice(0, uri.indexOf('/')) : 'artifacts';
}

/** A folder of `batch-input` that has the name of a model is the model's, which only looking for it tells. */
async function mayRead(ctx: Context, ref: DatasetRef): Promise<boolean> {
  if (ctx.access.isPlain) return true;
  const place = ref.uri.startsWith('batch-input/') && parseName(ref.uri.slice('batch-input/'.length));
  if (!place || place.workspace !== ctx.workspace) return isReadable(ctx, ref);
  const owner = (await placeOfFolder(ctx, place.folder))?.owner;
  return owner ? ctx.access.may('viewer', { type: owner.type, id: owner.id }) : ctx.access.may('viewer');
}

/** Where a reference lies; an error quotes `given`, which the reference may only stand for. */
async function located(ctx: Context, ref: DatasetRef, given: string) {
  try {
    return await resolveUri(ctx, ref);
  } catch (error) {
    // The words are of a dataset in general; the field is this one.
    if (isCode(error, 'invalid', 'not-found')) {
      const message = error.message.replaceAll(`'${ref.uri}'`, () => `'${given}'`);
      throw new CairnError(error.code, message, { field: 'input', cause: error });
    }
    throw error;
  }
}

function refused(message: string): CairnError {
  return new CairnError('invalid', message, { field: 'input' });
}
