import type { Finding } from './finding.ts';
import type { Template } from './template.ts';

/** The functions of Bicep that these templates may use. */
const functions = new Set([
  'array',
  'cidrSubnet',
  'concat',
  'contains',
  'empty',
  'environment',
  'format',
  'guid',
  'items',
  'join',
  'last',
  'length',
  'loadTextContent',
  'max',
  'replace',
  'resourceGroup',
  'resourceId',
  'split',
  'string',
  'subscription',
  'subscriptionResourceId',
  'substring',
  'take',
  'tenant',
  'toLower',
  'union',
  'uniqueString',
  'utcNow',
]);

/** Names that are used but not declared, or declared but not used. */
export function checkNames(template: Template): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'name', message });
  const declared = new Set([
    ...template.parameters.map(({ name }) => name),
    ...template.variables.map(({ name }) => name),
    ...template.resources.map(({ symbol }) => symbol),
    ...template.modules.map(({ symbol }) => symbol),
    ...template.loopVariables,
  ]);
  for (const { name, line } of template.names)
    if (!declared.has(name)) report(line, `'${name}' is not declared`);
  for (const { name, line } of template.calls)
    if (!functions.has(name)) report(line, `'${name}' is not a function these templates may use`);
  const used = new Set(template.names.map(({ name }) => name));
  for (const { name, line } of [...template.parameters, ...template.variables])
    if (!used.has(name)) report(line, `'${name}' is declared but not used`);

  return findings;
}
