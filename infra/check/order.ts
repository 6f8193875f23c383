import type { Finding } from './finding.ts';
import type { Template } from './template.ts';

/** What a resource or a module waits for by `dependsOn` though it names it anyway, which Bicep sees by itself. */
export function checkOrder(template: Template): Finding[] {
  const findings: Finding[] = [];
  for (const { body } of [...template.resources, ...template.modules]) {
    const waits = body.properties.find(({ name }) => name === 'dependsOn');
    if (waits?.value.kind !== 'array') continue;
    const rest = body.properties.filter((property) => property !== waits).map(({ value }) => value.source);
    const named = new Set(rest.join('\n').match(/(?<![\w.'])[A-Za-z_]\w*/g));
    for (const { source, line } of waits.value.items)
      if (named.has(source))
        findings.push({
          file: template.file,
          line,
          rule: 'order',
          message: `dependsOn ${source} is needless: it is named here`,
        });
  }
  return findings;
}
