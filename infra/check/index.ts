import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDeclared, checkUndeclared } from './declaration.ts';
import type { Finding } from './finding.ts';
import { checkNames } from './names.ts';
import { checkPolicy } from './policy.ts';
import { readTemplate, type Template } from './template.ts';
import { type AzureTypes, checkTypes } from './types.ts';

/** Reads every template that `azd up` may deploy, in the order of their paths. */
export async function readInfra(root: string): Promise<Template[]> {
  const templates: Template[] = [];
  for await (const file of glob('infra/{*,modules/*,generated/*}.bicep', { cwd: root }))
    templates.push(await readTemplate(file.replaceAll('\\', '/'), await readFile(join(root, file), 'utf8')));
  return templates.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** What is wrong with each template; without `types` the bodies of resources are not compared with Azure's. */
export async function checkTemplates(
  templates: readonly Template[],
  types: AzureTypes | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const template of templates)
    if (template.syntaxErrors.length > 0)
      for (const { name, line } of template.syntaxErrors)
        findings.push({ file: template.file, line, rule: 'syntax', message: `cannot be parsed: ${name}` });
    else
      findings.push(
        ...checkNames(template, templates),
        ...checkPolicy(template),
        ...checkUndeclared(template, templates),
        ...(types ? await checkTypes(template, types) : []),
      );
  return findings;
}

/** Everything that is wrong with the infrastructure as a whole. */
export async function checkInfra(
  templates: readonly Template[],
  types: AzureTypes | undefined,
): Promise<Finding[]> {
  return [...(await checkTemplates(templates, types)), ...checkDeclared(templates)];
}
