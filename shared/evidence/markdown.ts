import type { Card, InspectionFacts, LineageFacts } from './card.ts';
import { inline, paragraphs, table } from './markdown-text.ts';

/**
 * The card as Markdown for people, with the front matter that model hubs read (`model-index`). What users
 * wrote is shown as they wrote it and cannot end a section, a cell or the front matter.
 */
export async function markdownOf(card: Card): Promise<string> {
  const { model, version } = card;
  const sections: readonly (readonly [title: string, text: string])[] = [
    ['Purpose', purposeSection(card)],
    ['Limits', bullets(card.limits, 'None are known.')],
    ['Where it stands', standingSection(card)],
    ['Metrics', pairs(card.run?.metrics, 'No metrics are known.')],
    ['Parameters', pairs(card.run?.params, 'No parameters are known.')],
    ['Data', dataSection(card)],
    ['Code and run', runSection(card)],
    ['Inputs and outputs', signatureSection(card)],
    ['Inspection', inspectionSection(card.inspection)],
    ['Signature', signedSection(card)],
    ['Promotions', promotionsSection(card)],
    ['Lineage', lineageSection(card.lineage)],
    ['Tags', pairs(version.tags, 'None.')],
  ];
  const body = sections.map(([title, text]) => `## ${title}\n\n${text}\n`).join('\n');
  const title = `# ${inline(model.name)}, version ${version.version}`;
  return `---\n${await frontMatter(card)}---\n\n${title}\n\n${body}`;
}

/** https://huggingface.co/docs/hub/model-cards#model-card-metadata */
async function frontMatter({ model, version, artifact, inspection, run, data: sets }: Card): Promise<string> {
  const { stringify } = await import('yaml');
  const evaluation =
    sets.find(({ role }) => role === 'evaluation') ?? sets.find(({ context }) => isTest(context));
  const classifies = inspection.state === 'ready' && inspection.labels !== null;
  const metrics = Object.entries(run?.metrics ?? {}).filter(([, value]) => typeof value === 'number');
  const result = {
    task: { type: classifies ? 'tabular-classification' : 'other' },
    dataset: { type: 'unknown', name: evaluation?.name ?? evaluation?.uri ?? 'unknown' },
    metrics: metrics.map(([type, value]) => ({ type, value })),
  };
  const library = artifact?.flavours.find((flavour) => flavour !== 'python_function');
  return stringify(
    {
      ...(library === undefined ? {} : { library_name: library }),
      tags: Object.entries(model.tags).map(([key, value]) => (value === '' ? key : `${key}:${value}`)),
      'model-index': [
        { name: `${model.name}/${version.version}`, results: metrics.length === 0 ? [] : [result] },
      ],
    },
    { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  );
}

function isTest(context: string | null): boolean {
  return context !== null && /eval|test|valid/i.test(context);
}

function purposeSection({ model, version }: Card): string {
  const said = [model.description, version.description].map(paragraphs).filter((text) => text !== '');
  return said.length === 0 ? 'Its authors have not said what it is for.' : said.join('\n\n');
}

function standingSection({ model, version, rollbacks }: Card): string {
  return bullets([
    `Registered ${time(version.created_at)} by ${version.user_id || 'nobody who was named'}, from ${version.source}`,
    `Stage: ${version.stage}`,
    `Aliases: ${version.aliases.join(', ') || 'none'}`,
    ...rollbacks.map(
      ({ alias, to, by, at, reason }) =>
        `Lost alias ${alias}${to === null ? '' : ` to version ${to}`} by a rollback of ${by}, ${time(at)}${because(reason)}`,
    ),
    `Model id: ${model.model_id}`,
  ]);
}

function dataSection({ data: sets }: Card): string {
  return table(
    ['Role', 'Name', 'Where', 'Digest', 'Rows'],
    sets.map(({ role, context, name, uri, digest, judged, rows }) => [
      context === null ? role : inline(`${role} (${context})`),
      inline(name ?? ''),
      inline(uri ?? ''),
      inline(
        digest ??
          (judged ? `${judged.digest}, as promotion ${judged.promotion} judged with it` : 'not known'),
      ),
      rows === null ? '' : String(rows),
    ]),
    'No data is named.',
  );
}

function runSection({ run: made }: Card): string {
  if (!made) return 'The run that made it is not known.';
  const { git } = made;
  return bullets([
    `Run ${made.name} (${made.run_id}) of experiment ${made.experiment_name}, by ${made.user_id || 'nobody who was named'}`,
    `${made.status} ${made.end_time === null ? `since ${time(made.start_time)}` : time(made.end_time)}`,
    git
      ? `Commit ${git.commit}${git.branch ? ` on ${git.branch}` : ''}${git.repo_url ? ` of ${git.repo_url}` : ''}`
      : 'The commit of its code was not logged.',
  ]);
}

function signatureSection({ inspection: found, artifact }: Card): string {
  if (found.state === 'ready') {
    const rows = (side: string, specs: typeof found.inputs) =>
      specs.map(({ name, element_type, shape }) => [
        side,
        inline(name),
        inline(element_type),
        inline(`[${shape.map((size) => size ?? '?').join(', ')}]`),
      ]);
    return [
      table(
        ['', 'Name', 'Type', 'Shape'],
        [...rows('input', found.inputs), ...rows('output', found.outputs)],
        'None.',
      ),
      ...(found.features ? [`Columns: ${inline(found.features.join(', '))}`] : []),
      ...(found.labels ? [`Classes: ${inline(found.labels.join(', '))}`] : []),
    ].join('\n\n');
  }
  const rows = (['inputs', 'outputs'] as const).flatMap((side) =>
    (artifact?.[side] ?? []).map((spec) => [side.slice(0, -1), inline(JSON.stringify(spec))]),
  );
  return table(['', 'As logged'], rows, 'Neither is known.');
}

function inspectionSection(found: InspectionFacts): string {
  switch (found.state) {
    case 'pending':
      return 'Its files have not been read yet.';
    case 'refused':
      return `Read ${time(found.at)}. ${inline(`It cannot be served: ${found.reason}`)}`;
    case 'ready': {
      const { timings, served_changes, digest, served_digest } = found;
      return bullets([
        `Read ${time(found.at)}: it can be served`,
        `Digest ${digest}, ${found.bytes} bytes`,
        served_changes.length === 0
          ? 'Served as it was registered'
          : `Served as a copy with digest ${served_digest}: ${served_changes.join(', ')}`,
        `Loaded in ${timings.load_milliseconds} ms; one row in ${timings.run_milliseconds_p50} ms (median), ${timings.run_milliseconds_max} ms (slowest); ${timings.memory_bytes} bytes of memory`,
      ]);
    }
  }
}

function signedSection({ signature: found, artifact }: Card): string {
  if (!found.valid) return inline(found.reason ?? '');
  const when = found.signed_at === null ? '' : `, ${time(found.signed_at)}`;
  return bullets([
    `Signed by key ${found.key_id ?? ''}${when}`,
    `Manifest ${artifact?.manifest_digest ?? ''} of ${artifact?.files ?? 0} files, ${artifact?.bytes ?? 0} bytes`,
  ]);
}

function promotionsSection({ promotions: all, rollbacks }: Card): string {
  if (all.length === 0) return 'None was asked for.';
  return all
    .map((promotion) => {
      const { number, target, status, gates, approvals, override, rejected } = promotion;
      const to = 'alias' in target ? `alias ${target.alias}` : `stage ${target.stage}`;
      const decisions = [
        ...approvals.map(({ by, at, comment }) => `Approved by ${by}, ${time(at)}${because(comment)}`),
        ...(rejected ? [`Rejected by ${rejected.by}, ${time(rejected.at)}${because(rejected.reason)}`] : []),
        ...(override
          ? [
              `Overridden by ${override.by}, ${time(override.at)}${overGates(override.gates)}${because(override.reason)}`,
            ]
          : []),
        ...rollbacks
          .filter(({ promotion: undone }) => undone === number)
          .map(({ by, at, reason }) => `Rolled back by ${by}, ${time(at)}${because(reason)}`),
      ];
      return [
        `### Promotion ${number}`,
        inline(`To ${to}, asked for by ${promotion.requested_by}, ${time(promotion.created_at)}: ${status}`),
        table(
          ['Gate', 'Verdict', 'Says'],
          gates.map(({ key, status: verdict, says }) => [inline(key), verdict, inline(says)]),
          'It has not been judged.',
        ),
        ...(decisions.length === 0 ? [] : [bullets(decisions)]),
      ].join('\n\n');
    })
    .join('\n\n');
}

function overGates(keys: readonly string[]): string {
  return keys.length === 0 ? '' : `, over ${keys.length === 1 ? 'gate' : 'gates'} ${keys.join(', ')}`;
}

function because(comment: string): string {
  return comment === '' ? '' : `: ${comment}`;
}

function lineageSection({ up, down, truncated }: LineageFacts): string {
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([kind, count]) => `${count} × ${kind}`)
      .join(', ') || 'nothing that is known';
  return bullets([
    `It came of ${counted(up)}`,
    `There came of it ${counted(down)}`,
    ...(truncated ? ['There is more than was counted'] : []),
  ]);
}

function pairs(map: Readonly<Record<string, string | number>> | undefined, otherwise: string): string {
  const rows = Object.entries(map ?? {}).map(([key, value]) => [inline(key), inline(String(value))]);
  return table(['Name', 'Value'], rows, otherwise);
}

/** Items are plain text. */
function bullets(items: readonly string[], otherwise = ''): string {
  return items.map((item) => `- ${inline(item)}`).join('\n') || otherwise;
}

function time(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
