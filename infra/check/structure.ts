import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Template } from './template.ts';

/** How a template is put together: each name once, children below their parents, modules in their scope. */
export function checkStructure(template: Template, resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'structure', message });
  for (const { name, line } of template.doubles) report(line, `'${name}' is declared twice`);
  for (const { symbol, type, body, line } of template.resources) {
    const [, ...names] = nameOf(type).split('/');
    const above = nameOf(type).slice(0, nameOf(type).lastIndexOf('/'));
    const parent = valueAt(body, 'parent')?.source;
    const found = template.resources.find((one) => one.symbol === parent);
    if (parent === undefined) {
      const segments = (
        valueAt(body, 'name')
          ?.source.replaceAll(/\$\{[^}]*\}/g, '')
          .split('/') ?? []
      ).length;
      if (segments < names.length) report(line, `${symbol}: has no parent, which is to be a ${above}`);
    } else if (!found || nameOf(found.type).toLowerCase() !== above.toLowerCase())
      report(line, `${symbol}: parent must be a ${above}, and ${parent} is none`);
    if (type.startsWith('Microsoft.Resources/resourceGroups@') && template.targetScope !== 'subscription')
      report(line, `${symbol}: a resource group is made where targetScope is 'subscription'`);
  }
  for (const { symbol, path, body, line } of template.modules) {
    const target = resolver.target(template, path)?.targetScope ?? template.targetScope;
    if (target !== template.targetScope && !valueAt(body, 'scope'))
      report(line, `${symbol}: needs a scope, since it is deployed to a ${target}`);
  }
  const conditional = new Set(
    template.modules.filter(({ isConditional }) => isConditional).map(({ symbol }) => symbol),
  );
  for (const { module, name, line, isGuarded } of template.outputsRead)
    if (conditional.has(module) && !isGuarded)
      report(line, `${module} may not be deployed: ask by a condition before ${name} of it is read`);
  return findings;
}

const nameOf = (type: string) => type.split('@')[0] ?? '';
