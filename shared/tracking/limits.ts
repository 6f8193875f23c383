import { CairnError } from '../http/index.ts';
import type { RunChange } from './model.ts';

/** MLflow's limits (mlflow/utils/validation.py). Values over theirs are cut, as MLflow does by default; keys are refused. */
const keyCharsMax = 250;
const paramCharsMax = 6000;
const tagCharsMax = 8000;
const batchMax = { metrics: 1000, params: 100, tags: 100, total: 1000 } as const;

const keyPattern = /^[/\w.\- :]*$/;

/** Checks a metric, param or tag key; `field` is its path in the request. */
export function checkKey(key: string, field: string): void {
  const refuse = (why: string) => {
    throw new CairnError(
      'invalid',
      `Invalid value "${shorten(key)}" for parameter '${field}' supplied: ${why}`,
      { field },
    );
  };
  if (key.length > keyCharsMax) refuse(`'key' exceeds the maximum length of ${keyCharsMax} characters`);
  if (!keyPattern.test(key))
    refuse(
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) and slashes (/).',
    );
  if (key !== normalised(key))
    refuse(
      'Names may be treated as files in certain cases, and must not resolve to other names when treated as such.',
    );
}

/** Checks a whole change and cuts long values. Throws on the first problem; nothing is applied then. */
export function checkedChange(change: RunChange): Required<RunChange> {
  const { metrics = [], params = [], tags = [] } = change;
  const counted = { metrics: metrics.length, params: params.length, tags: tags.length };
  for (const name of ['metrics', 'params', 'tags'] as const)
    if (counted[name] > batchMax[name])
      throw new CairnError(
        'invalid',
        `A batch logging request can contain at most ${batchMax[name]} ${name}. Got ${counted[name]} ${name}. Please split up ${name} across multiple requests and try again.`,
        { field: name },
      );
  const total = metrics.length + params.length + tags.length;
  if (total > batchMax.total)
    throw new CairnError(
      'invalid',
      `A batch logging request can contain at most ${batchMax.total} metrics, params, and tags in total. Got ${total}. Please split up the request and try again.`,
    );
  metrics.forEach((m, i) => checkKey(m.key, `metrics[${i}].name`));
  params.forEach((p, i) => checkKey(p.key, `params[${i}].key`));
  tags.forEach((t, i) => checkKey(t.key, `tags[${i}].key`));
  metrics.forEach((m, i) => {
    if (m.timestamp < 0)
      throw new CairnError(
        'invalid',
        `Invalid value ${m.timestamp} for parameter 'metrics[${i}].timestamp' supplied: Timestamp must be a nonnegative long (64-bit integer)`,
        { field: `metrics[${i}].timestamp` },
      );
  });
  const seen = new Set<string>();
  const repeated = params.filter(({ key }) => seen.size === seen.add(key).size).map(({ key }) => key);
  if (repeated.length > 0)
    throw new CairnError(
      'invalid',
      `Duplicate parameter keys have been submitted: ${JSON.stringify([...new Set(repeated)])}. Please ensure the request contains only one param value per param key.`,
      { field: 'params' },
    );
  return {
    metrics,
    params: params.map(({ key, value }) => ({ key, value: value.slice(0, paramCharsMax) })),
    tags: checkedTags(tags),
  };
}

/** Tags with keys checked and long values cut. */
export function checkedTags(
  tags: readonly { key: string; value: string }[],
): { key: string; value: string }[] {
  return tags.map(({ key, value }, i) => {
    checkKey(key, `tags[${i}].key`);
    return { key, value: value.slice(0, tagCharsMax) };
  });
}

/** The name as a relative POSIX path: what Python's `posixpath.normpath` would make of it. */
function normalised(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
