import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Template } from './template.ts';

/**
 * What a resource or a module waits for by `dependsOn` though it names it anyway, which Bicep sees by itself; and what
 * it does not wait for though it needs it: the rights of the topic by which events are delivered.
 */
export function checkOrder(template: Template): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'order', message });
  for (const { body } of [...template.resources, ...template.modules]) {
    const waits = body.properties.find(({ name }) => name === 'dependsOn');
    if (waits?.value.kind !== 'array') continue;
    const rest = body.properties.filter((property) => property !== waits).map(({ value }) => value.source);
    const named = new Set(rest.join('\n').match(/(?<![\w.'])[A-Za-z_]\w*/g));
    for (const { source, line } of waits.value.items)
      if (named.has(source)) report(line, `dependsOn ${source} is needless: it is named here`);
  }
  for (const { type, symbol, body, line } of template.resources) {
    if (!type.startsWith('Microsoft.EventGrid/systemTopics/eventSubscriptions@')) continue;
    const deliverer = `${valueAt(body, 'parent')?.source}.identity.principalId`;
    const waits = valueAt(body, 'dependsOn');
    const waitsFor = waits?.kind === 'array' ? waits.items.map(({ source }) => source) : [];
    for (const right of template.resources)
      if (
        valueAt(right.body, 'properties.principalId')?.source === deliverer &&
        !waitsFor.includes(right.symbol)
      )
        report(
          line,
          `${symbol}: must wait for ${right.symbol} by dependsOn: without that right nothing is delivered`,
        );
  }
  return findings;
}
