import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { staleFiles } from '../../scripts/generate.ts';
import { checkDiagnostics, checkFiles, checkServices, checkUpkeep } from './coverage.ts';
import { checkDeclared, checkReads, checkUndeclared } from './declaration.ts';
import type { Finding } from './finding.ts';
import { checkModules, checkOutputs } from './modules.ts';
import { checkNames } from './names.ts';
import { checkOrder } from './order.ts';
import { checkParameters } from './parameters.ts';
import { checkPolicy } from './policy.ts';
import { Resolver } from './resolve.ts';
import { checkRoles } from './roles.ts';
import { checkSecrets } from './secrets.ts';
import { checkStructure } from './structure.ts';
import { readTemplate, type Template } from './template.ts';
import { type AzureTypes, checkTypes } from './types.ts';

/** All that is deployed, as it is read. */
export type Infra = {
  readonly templates: readonly Template[];
  /** `main.parameters.json` */
  readonly parameters: string;
  /** Names of the services in `azure.yaml`. */
  readonly services: readonly string[];
  /** The code of the app, by file: what it reads of its environment is to be set. */
  readonly code: ReadonlyMap<string, string>;
  /** Every file of `infra/`, which templates may read into themselves. */
  readonly files: ReadonlySet<string>;
  /** Generated files that are not what the declarations of the code make of them. */
  readonly stale: readonly string[];
};

/** Reads every template that `azd up` may deploy, in the order of their paths, and what belongs to them. */
export async function readInfra(root: string): Promise<Infra> {
  const read = (file: string) => readFile(join(root, file), 'utf8');
  const all = async (pattern: string) => {
    const found: string[] = [];
    for await (const file of glob(pattern, { cwd: root })) found.push(file.replaceAll('\\', '/'));
    return found.toSorted();
  };
  const files = await all('infra/{*,modules/*,generated/*}.bicep');
  const { services } = parse(await read('azure.yaml')) as { services: Record<string, unknown> };
  const sources = (await all('{functions,shared}/**/*.ts')).filter((file) => !file.endsWith('.test.ts'));
  return {
    templates: await Promise.all(files.map(async (file) => readTemplate(file, await read(file)))),
    parameters: await read('infra/main.parameters.json'),
    services: Object.keys(services),
    files: new Set(await all('infra/**')),
    stale: (await staleFiles(root)).filter((file) => file.startsWith('infra/')),
    code: new Map(await Promise.all(sources.map(async (file) => [file, await read(file)] as const))),
  };
}

/** What is wrong with each template; without `types` the bodies of resources are not compared with Azure's. */
export async function checkTemplates(
  templates: readonly Template[],
  types: AzureTypes | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const resolver = new Resolver(templates);
  for (const template of templates)
    if (template.syntaxErrors.length > 0)
      for (const { name, line } of template.syntaxErrors)
        findings.push({ file: template.file, line, rule: 'syntax', message: `cannot be parsed: ${name}` });
    else
      findings.push(
        ...checkNames(template),
        ...checkModules(template, resolver),
        ...checkOutputs(template, resolver),
        ...checkPolicy(template, resolver),
        ...checkRoles(template, resolver),
        ...checkSecrets(template),
        ...checkStructure(template, resolver),
        ...checkOrder(template),
        ...checkUpkeep(template, templates, resolver),
        ...checkUndeclared(template, templates, resolver),
        ...(types ? await checkTypes(template, types, resolver) : []),
      );
  return findings;
}

/** Everything that is wrong with the infrastructure as a whole. */
export async function checkInfra(
  { templates, parameters, services, code, files, stale }: Infra,
  types: AzureTypes | undefined,
): Promise<Finding[]> {
  const main = templates.find(({ file }) => file === 'infra/main.bicep');
  return [
    ...(await checkTemplates(templates, types)),
    ...(main ? checkParameters(main, parameters) : []),
    ...checkDiagnostics(templates),
    ...checkFiles(templates, files),
    ...stale.map(notGenerated),
    ...checkServices(templates, new Resolver(templates), services),
    ...checkDeclared(templates),
    ...checkReads(templates, code),
  ];
}

/** Containers, indexes, times to live, queues and settings are declared in the code alone. */
function notGenerated(file: string): Finding {
  const message = 'is not what shared/resources.ts and shared/settings.ts make of it: npm run generate';
  return { file, line: 1, rule: 'declaration', message };
}
