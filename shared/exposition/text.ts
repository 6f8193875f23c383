import { families, type Family, type FamilyName, type Labels, type Row } from './families.ts';

/** The two texts that Prometheus reads. */
export type Format = 'text' | 'openmetrics';

export const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Rows as text, by family, those of one family together. https://prometheus.io/docs/instrumenting/exposition_formats,
 * https://prometheus.io/docs/specs/om/open_metrics_spec (1.0). `bounds` are the upper ends of the bins of histograms.
 */
export function render(rows: readonly Row[], bounds: readonly number[], format: Format): string {
  const byFamily = Map.groupBy(rows, ({ family }) => family);
  const lines: string[] = [];
  for (const name of Object.keys(families) as FamilyName[]) {
    const told = byFamily.get(name);
    if (told) lines.push(...headOf(name, format), ...told.flatMap((row) => samplesOf(row, bounds)));
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** The older format knows no info and calls a counter by the name of its samples. */
function headOf(name: FamilyName, format: Format): string[] {
  const { kind, unit, help }: Family = families[name];
  if (format === 'text') {
    const suffix = { counter: '_total', info: '_info', gauge: '', histogram: '' }[kind];
    const type = kind === 'info' ? 'gauge' : kind;
    return [`# HELP ${name}${suffix} ${escapedHelp(help)}`, `# TYPE ${name}${suffix} ${type}`];
  }
  return [
    `# TYPE ${name} ${kind}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
  ];
}

function samplesOf(row: Row, bounds: readonly number[]): string[] {
  const { family: name, labels } = row;
  if ('value' in row) {
    const suffix = { counter: '_total', info: '_info', gauge: '', histogram: '' }[families[name].kind];
    return [sample(`${name}${suffix}`, labels, row.value)];
  }
  let seen = 0;
  const buckets = row.bins.map((count, bin) => {
    const bound = bounds[bin];
    const le = bound === undefined ? '+Inf' : decimal(bound);
    return sample(`${name}_bucket`, { ...labels, le }, (seen += count));
  });
  return [...buckets, sample(`${name}_sum`, labels, row.sum), sample(`${name}_count`, labels, seen)];
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${numeral(value)}`;
}

/** The bound of a bucket as OpenMetrics writes it, `1.0`: a label, hence the same text in both formats. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numeral(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Math.abs(value) === Infinity) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

function escaped(text: string): string {
  return escapedHelp(text).replaceAll('"', '\\"');
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/**
 * The format that a caller would rather have, by `Accept` (https://www.rfc-editor.org/rfc/rfc9110#name-accept): the
 * older one where they do not say, or take both alike.
 */
export function formatFor(accept: string | null): Format {
  let text = 0;
  let openmetrics = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const of = new Map(
      parameters.map((each) => each.split('=').map((part) => part.trim()) as [string, string]),
    );
    const given = Number(of.get('q') ?? 1);
    const q = Number.isFinite(given) ? given : 0;
    const version = of.get('version');
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0'))
      openmetrics = Math.max(openmetrics, q);
    if (type === 'text/plain' && (version === undefined || version === '0.0.4')) text = Math.max(text, q);
  }
  return openmetrics > text ? 'openmetrics' : 'text';
}
