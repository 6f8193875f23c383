import { CairnError } from '../../http/index.ts';
import { checkLength } from '../../tracking/index.ts';
import { excerpt } from '../../redaction/index.ts';

/** What a model may be registered from. */
export type Source =
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'logged-model'; readonly modelId: string }
  | {
      readonly kind: 'version';
      readonly name: string;
      readonly which:
        | { readonly version: number }
        | { readonly alias: string }
        | { readonly stage: string }
        | { readonly latest: true };
    }
  /** Any other URI: a place in this server's artifacts, or one that only clients reach. */
  | { readonly kind: 'place' };

const sourceCharsMax = 2048;
const promptSources: readonly string[] = ['dummy-source', 'prompt-template'];

/** Refuses what MLflow does not take for the source of a prompt. */
export function checkPromptSource(source: string): void {
  if (!promptSources.includes(source))
    throw new CairnError(
      'invalid',
      `Invalid prompt source: '${shown(source)}'. Prompt sources must use an MLflow placeholder.`,
      { field: 'source' },
    );
}

/** What the source of a model names. Throws `invalid` for one that leads nowhere, or to a disk. */
export function parseSource(source: string): Source {
  checkLength('source', source, sourceCharsMax);
  const [, scheme, authority, path] = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/i.exec(source) ?? [];
  if (scheme === undefined || path === undefined || /^(file|[a-z])$/i.test(scheme))
    throw refused(
      source,
      'A path on a disk is nothing that this server reads: log the model to a run first and pass its artifact URI (mlflow-artifacts:/…, runs:/<run id>/<path>, models:/<model id>).',
    );
  checkAbsolute(source);
  switch (scheme.toLowerCase()) {
    case 'runs':
      return authority === undefined ? runSource(source, path) : unidentified(source, 'run_id');
    case 'models':
      if (authority !== undefined)
        throw refused(source, 'Registered model sources must use the active model registry.');
      return modelSource(source, path);
    default:
      return { kind: 'place' };
  }
}

/** MLflow's words where the ids of a request are not those of its source. */
export function unidentified(source: string, field: 'run_id' | 'model_id'): never {
  throw refused(
    source,
    `The ${field} request parameter must identify the resource that contains the source.`,
    field,
  );
}

/** MLflow's words for a source that is not taken, with the reason. */
export function refused(source: string, why: string, field = 'source'): CairnError {
  return new CairnError('invalid', `Invalid model version source: '${shown(source)}'. ${why}`, { field });
}

function runSource(source: string, path: string): Source {
  const [, runId, below = ''] = /^\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  if (runId === undefined)
    throw new CairnError(
      'invalid',
      `Not a proper runs:/ URI: ${shown(source)}. Runs URIs must be of the form 'runs:/<run_id>/run-relative/path/to/artifact'`,
      { field: 'source' },
    );
  return { kind: 'run', runId, path: below.replace(/\/+$/, '') };
}

/** `models:/<model id>`, `models:/<name>/<version, stage or latest>`, `models:/<name>@<alias>` (`_parse_model_uri`). */
function modelSource(source: string, path: string): Source {
  const [first = '', suffix, ...more] = path.replace(/^\/+/, '').split('/');
  if (!path.startsWith('/') || first.trim() === '' || suffix?.trim() === '' || more.length > 0)
    return unidentified(source, 'model_id');
  if (suffix === undefined) {
    const [, name, alias] = /^(.+)@([^@]*)$/s.exec(first) ?? [];
    if (name === undefined || alias === undefined) return { kind: 'logged-model', modelId: first };
    return alias.trim() === ''
      ? unidentified(source, 'model_id')
      : { kind: 'version', name, which: { alias } };
  }
  if (/^\d+$/.test(suffix)) return { kind: 'version', name: first, which: { version: Number(suffix) } };
  if (suffix.toLowerCase() === 'latest') return { kind: 'version', name: first, which: { latest: true } };
  return { kind: 'version', name: first, which: { stage: suffix } };
}

/** Escapes may be nested: what they stand for in the end must be a path without relative parts. */
function checkAbsolute(source: string): void {
  let plain = source;
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = unescaped(plain);
  }
  const path = /^[a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?([^?#]*)/i.exec(plain)?.[1] ?? '';
  const relative =
    plain.includes('\0') ||
    plain.split(/[/\\]/).includes('..') ||
    path.split('/').includes('.') ||
    !path.startsWith('/');
  if (relative)
    throw refused(
      source,
      'If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.',
    );
}

function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

function shown(source: string): string {
  return excerpt(source, 200);
}
