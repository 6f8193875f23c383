/** One sample of an exposition. */
export type Sample = {
  readonly name: string;
  readonly family: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Parsed = {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
};

const suffixes: Readonly<Record<'text' | 'openmetrics', Readonly<Record<string, readonly string[]>>>> = {
  text: { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    info: ['_info'],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  },
};
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const numberPattern = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;

/**
 * Reads the text that Prometheus reads, as strictly as the rules of the format are written: what a rule forbids throws,
 * with the line.
 */
export function parseExposition(text: string, format: 'text' | 'openmetrics'): Parsed {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('It does not end in # EOF.');
  const types = new Map<string, string>();
  const units = new Map<string, string>();
  const helps = new Set<string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const closed = new Set<string>();
  let current = '';
  for (const line of lines) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === '# EOF') fail('An end before the end');
    if (line.startsWith('#')) {
      const [, keyword = '', name = '', rest = ''] =
        /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? fail('No metadata');
      if (!namePattern.test(name)) fail('No name');
      if (name !== current) {
        if (closed.has(name)) fail('A family in two places');
        closed.add(current);
        current = name;
      }
      if (samples.some(({ family }) => family === name)) fail('Metadata behind samples');
      if (keyword === 'HELP') {
        if (helps.has(name)) fail('A second HELP');
        if (/(^|[^\\])(\\\\)*\\([^\\n"]|$)/.test(rest)) fail('A wrong escape');
        helps.add(name);
      } else if (keyword === 'TYPE') {
        if (types.has(name)) fail('A second TYPE');
        if (!suffixes[format][rest]) fail('An unknown type');
        types.set(name, rest);
      } else {
        if (format === 'text') fail('UNIT is of OpenMetrics');
        if (units.has(name)) fail('A second UNIT');
        if (!name.endsWith(`_${rest}`)) fail('A unit that is not in the name');
        units.set(name, rest);
      }
      continue;
    }
    const [, name = '', pairs = '', number = ''] = samplePattern.exec(line) ?? fail('No sample');
    const type = types.get(current) ?? fail('A sample without a TYPE');
    if (!suffixes[format][type]?.some((suffix) => name === `${current}${suffix}`))
      fail('A sample of another family');
    if (!numberPattern.test(number)) fail('No number');
    const labels = labelsOf(pairs) ?? fail('Wrong labels');
    const key = `${name}${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    if (seen.has(key)) fail('A series twice');
    seen.add(key);
    const value = Number(number.replace('Inf', 'Infinity'));
    if (name.endsWith('_total') && !(value >= 0)) fail('A counter below 0');
    samples.push({ name, family: current, labels, value });
  }
  for (const [family, type] of types) if (type === 'histogram') checkHistogram(family, samples);
  return { types, samples };
}

function labelsOf(pairs: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < pairs.length) {
    const [, label = '', raw = '', end] = labelPattern.exec(pairs) ?? [];
    if (end === undefined || label in labels) return undefined;
    labels[label] = raw.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkHistogram(family: string, samples: readonly Sample[]): void {
  const own = samples.filter((each) => each.family === family);
  const groups = new Map<string, Sample[]>();
  let last = '';
  for (const each of own) {
    const { le: _, ...labels } = each.labels;
    const key = JSON.stringify(labels);
    if (key !== last && groups.has(key)) throw new Error(`A histogram in two places: ${family}${key}`);
    last = key;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter(({ name }) => name === `${family}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const total = (name: string) => group.find((each) => each.name === `${family}_${name}`)?.value;
    const rises = (values: readonly number[]) =>
      values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0));
    if (bounds.at(-1) !== Infinity) throw new Error(`No bucket +Inf: ${family}${key}`);
    if (!rises(bounds)) throw new Error(`Buckets out of order: ${family}${key}`);
    if (!rises(buckets.map(({ value }) => value))) throw new Error(`Buckets that fall: ${family}${key}`);
    if (total('count') !== buckets.at(-1)?.value) throw new Error(`Not the count of +Inf: ${family}${key}`);
    if (total('sum') === undefined) throw new Error(`No sum: ${family}${key}`);
  }
}

/** The value of the one sample with a name and labels; `undefined` where there is none. */
export function valueOf(
  { samples }: Parsed,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (each) =>
      each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${name} has ${found.length} series with ${JSON.stringify(labels)}.`);
  return found[0]?.value;
}
