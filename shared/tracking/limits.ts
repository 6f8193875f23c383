import { CairnError } from '../http/index.ts';
import type { Pair, RunChange } from './model.ts';
import { runNameTag } from './names.ts';
import { redacted } from '../redaction/index.ts';

/**
 * What MLflow lets through (mlflow/utils/validation.py), in its words. It counts code points. Keys over
 * its limits are refused; values of params and of run tags are cut, as it does by default.
 */
export const charsMax = {
  key: 250,
  param: 6000,
  tag: 8000,
  experimentName: 500,
  experimentTag: 20_000,
} as const;
const batchMax = { metrics: 1000, params: 100, tags: 100 } as const;
const entitiesMax = 1000;
/** MLflow knows no bound; a document does. */
const createdTagsMax = 1000;

// `\w` of Python: letters and digits of every script.
const keyPattern = /^[/\p{L}\p{N}_.\- :]*$/u;

/** Checks a whole change and cuts long values. Throws on the first problem; nothing is applied then. */
export function checkedChange(change: RunChange): Required<RunChange> {
  const { metrics = [], params = [], tags = [], single = false } = change;
  const path = (list: string, i: number, name: string) => (single ? name : `${list}[${i}].${name}`);
  if (!single) checkCounts({ metrics, params, tags });
  metrics.forEach(({ key, value, timestamp }, i) => {
    checkKey(key, path('metrics', i, 'name'));
    if (timestamp < 0)
      throw invalidValue(
        path('metrics', i, 'timestamp'),
        timestamp,
        `metric '${shown(key)}' (value=${value}). Timestamp must be a nonnegative long (64-bit integer) `,
      );
    checkLength('Metric name', key, charsMax.key);
  });
  params.forEach(({ key }, i) => {
    checkKey(key, path('params', i, 'key'));
    checkLength('Param key', key, charsMax.key);
  });
  tags.forEach(({ key }, i) => {
    checkKey(key, path('tags', i, 'key'));
    checkLength(path('tags', i, 'key'), key, charsMax.key);
  });
  checkUnique(params);
  return {
    metrics,
    params: params.map(({ key, value }) => ({ key, value: cut(value, charsMax.param) })),
    // MLflow renames no run to nothing: such a tag has no effect.
    tags: cutTags(tags.filter(({ key, value }) => key !== runNameTag || value !== '')),
    single,
  };
}

/** The tags a run is created with: MLflow takes any key there. */
export function checkedRunTags(tags: readonly Pair[]): Pair[] {
  if (tags.length > createdTagsMax)
    throw new CairnError(
      'invalid',
      `A run can be created with at most ${createdTagsMax} tags. Got ${tags.length}; set the others by log-batch.`,
      { field: 'tags' },
    );
  tags.forEach(({ key }, i) => checkLength(`tags[${i}].key`, key, charsMax.key));
  return cutTags(tags);
}

/** The tags an experiment is created with. */
export function checkExperimentTags(tags: readonly Pair[]): void {
  if (tags.length > createdTagsMax)
    throw new CairnError(
      'invalid',
      `An experiment can be created with at most ${createdTagsMax} tags. Got ${tags.length}; set the others by set-experiment-tag.`,
      { field: 'tags' },
    );
  tags.forEach(checkExperimentTag);
}

export function checkExperimentTag({ key, value }: Pair): void {
  checkKey(key, 'key');
  checkLength('key', key, charsMax.key);
  checkLength('value', value, charsMax.experimentTag);
}

/** Refuses a text over `max` code points; `name` is what MLflow calls it. */
export function checkLength(name: string, text: string, max: number, field = name): void {
  if (cut(text, max) !== text)
    throw new CairnError('invalid', `'${name}' exceeds the maximum length of ${max} characters`, { field });
}

/** The first `max` code points of a text. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let units = 0;
  let left = max;
  for (const char of text) {
    if (left-- === 0) break;
    units += char.length;
  }
  return text.slice(0, units);
}

/** Refuses what MLflow does not take for the id of a run where many things are logged at once. */
export function checkRunId(runId: string): void {
  if (!/^[a-zA-Z0-9][\p{L}\p{N}_-]{0,255}$/u.test(runId)) throw invalidValue('run_id', runId);
}

function cutTags(tags: readonly Pair[]): Pair[] {
  return tags.map(({ key, value }) => ({ key, value: cut(value, charsMax.tag) }));
}

/** Refuses a key that MLflow does not take for the name of anything. */
export function checkKey(key: string, field: string): void {
  if (!keyPattern.test(key))
    throw invalidValue(
      field,
      key,
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
    );
  checkNormal(key, field);
}

/** Refuses a name that would be another one as the path of a file. */
export function checkNormal(name: string, field: string): void {
  const resolved = normalised(name);
  if (resolved !== name || resolved === '.' || /^(\.\.|\/)/.test(resolved))
    throw invalidValue(
      field,
      name,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${shown(resolved)}'`,
    );
}

function checkCounts(counted: Required<Pick<RunChange, 'metrics' | 'params' | 'tags'>>): void {
  const check = (entities: string, max: number, length: number, field: string) => {
    if (length > max)
      throw new CairnError(
        'invalid',
        `A batch logging request can contain at most ${max} ${entities}. Got ${length} ${entities}. Please split up ${entities} across multiple requests and try again.`,
        { field },
      );
  };
  for (const name of ['metrics', 'params', 'tags'] as const)
    check(name, batchMax[name], counted[name].length, name);
  const total = counted.metrics.length + counted.params.length + counted.tags.length;
  check('metrics, params, and tags', entitiesMax, total, 'metrics');
}

function checkUnique(params: readonly Pair[]): void {
  const seen = new Set<string>();
  const repeated = params.filter(({ key }) => seen.size === seen.add(key).size);
  if (repeated.length > 0)
    throw new CairnError(
      'invalid',
      `Duplicate parameter keys have been submitted: [${repeated.map(({ key }) => `'${key}'`).join(', ')}]. Please ensure the request contains only one param value per param key.`,
      { field: 'params' },
    );
}

/** What Python's `posixpath.normpath` makes of a name. */
function normalised(name: string): string {
  const root = /^\/\/(?!\/)/.test(name) ? '//' : name.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (!root && (parts.length === 0 || parts.at(-1) === '..'))) parts.push(part);
    else parts.pop();
  }
  return root + parts.join('/') || '.';
}

function invalidValue(field: string, value: string | number, why?: string): CairnError {
  const given = typeof value === 'string' ? JSON.stringify(shown(value)) : value;
  const supplied = `Invalid value ${given} for parameter '${field}' supplied`;
  return new CairnError('invalid', why === undefined ? `${supplied}.` : `${supplied}: ${why}`, { field });
}

function shown(text: string): string {
  const whole = redacted(text).text;
  const short = cut(whole, 100);
  return short === whole ? whole : `${short}…`;
}
