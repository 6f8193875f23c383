import { posix } from 'node:path';
import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
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

/** Names that are used but not declared, declared but not used, and modules that are called wrongly. */
export function checkNames(template: Template, all: readonly Template[]): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, rule: Finding['rule'], message: string) =>
    findings.push({ file: template.file, line, rule, message });
  const declared = new Set([
    ...template.parameters.map(({ name }) => name),
    ...template.variables.map(({ name }) => name),
    ...template.resources.map(({ symbol }) => symbol),
    ...template.modules.map(({ symbol }) => symbol),
    ...template.loopVariables,
  ]);
  for (const { name, line } of template.names)
    if (!declared.has(name)) report(line, 'name', `'${name}' is not declared`);
  for (const { name, line } of template.calls)
    if (!functions.has(name)) report(line, 'name', `'${name}' is not a function these templates may use`);
  const used = new Set(template.names.map(({ name }) => name));
  for (const { name, line } of [...template.parameters, ...template.variables])
    if (!used.has(name)) report(line, 'name', `'${name}' is declared but not used`);

  for (const module of template.modules) {
    const target = targetOf(template, module.path, all);
    if (!target) {
      report(module.line, 'module', `there is no template at ${module.path}`);
      continue;
    }
    const params = valueAt(module.body, 'params');
    const given = params?.kind === 'object' ? params.properties : [];
    for (const { name, line } of given)
      if (!target.parameters.some((parameter) => parameter.name === name))
        report(line, 'module', `${target.file} has no parameter '${name}'`);
    for (const { name, required } of target.parameters)
      if (required && !given.some((property) => property.name === name))
        report(module.line, 'module', `${target.file} needs the parameter '${name}'`);
    for (const { module: symbol, name, line } of template.outputsRead)
      if (symbol === module.symbol && !target.outputs.some((output) => output.name === name))
        report(line, 'module', `${target.file} has no output '${name}'`);
  }
  return findings;
}

function targetOf(template: Template, path: string, all: readonly Template[]): Template | undefined {
  const file = posix.join(posix.dirname(template.file), path);
  return all.find((candidate) => candidate.file === file);
}
