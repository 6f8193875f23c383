import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Resource, Template } from './template.ts';

/** Types that keep a log of who did what, which is to be sent to the workspace. */
const logging = [
  'Microsoft.Storage/storageAccounts/blobServices',
  'Microsoft.Storage/storageAccounts/queueServices',
  'Microsoft.DocumentDB/databaseAccounts',
  'Microsoft.KeyVault/vaults',
  'Microsoft.EventGrid/systemTopics',
  'Microsoft.App/managedEnvironments',
];

/** Types of one level that take no tags: they belong to what they are made on. */
const untagged = [
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.Authorization/roleDefinitions',
  'Microsoft.Authorization/locks',
  'Microsoft.Consumption/budgets',
  'Microsoft.Insights/diagnosticSettings',
];

/** There is no other version of these. */
const onlyPreview = ['Microsoft.Insights/diagnosticSettings'];

/** What one template leaves out that each of its resources needs: tags, and a version to rely on. */
export function checkUpkeep(template: Template, all: readonly Template[]): Finding[] {
  const findings: Finding[] = [];
  const versions = new Map<string, Set<string>>();
  for (const { type } of all.flatMap(({ resources }) => resources)) {
    const [name = '', version = ''] = type.split('@');
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  for (const { symbol, type, body, line, existing } of template.resources) {
    const report = (rule: Finding['rule'], message: string) =>
      findings.push({ file: template.file, line, rule, message: `${symbol}: ${message}` });
    const [name = '', version = ''] = type.split('@');
    if (version.includes('preview') && !onlyPreview.includes(name))
      report('version', `${version} is a preview, which Azure takes away`);
    const newest = [...(versions.get(name) ?? [])].toSorted().at(-1) ?? version;
    if (version !== newest) report('version', `${version} is used here and ${newest} elsewhere`);
    const isWhole = name.split('/').length === 2;
    if (!existing && isWhole && !untagged.includes(name) && !valueAt(body, 'tags'))
      report('tags', 'has no tags, by which azd finds what is its own and costs are told apart');
  }
  return findings;
}

/** Resources whose logs nobody keeps. */
export function checkDiagnostics(templates: readonly Template[]): Finding[] {
  const made = templates.flatMap((template) =>
    template.resources.filter(({ existing }) => !existing).map((resource) => ({ template, resource })),
  );
  const logged = made
    .filter(({ resource }) => typeOf(resource) === 'Microsoft.Insights/diagnosticSettings')
    .map(({ template, resource }) => {
      const scope = valueAt(resource.body, 'scope')?.source;
      const on = template.resources.find(({ symbol }) => symbol === scope);
      return on && valueAt(resource.body, 'properties.workspaceId') ? typeOf(on) : undefined;
    });
  return made
    .filter(({ resource }) => logging.includes(typeOf(resource)) && !logged.includes(typeOf(resource)))
    .map(({ template: { file }, resource: { line, symbol } }) => ({
      file,
      line,
      rule: 'diagnostics',
      message: `${symbol}: no diagnostic settings send its logs to the workspace`,
    }));
}

/** Services of azure.yaml that no resource is tagged for, and resources tagged for no service. */
export function checkServices(
  templates: readonly Template[],
  resolver: Resolver,
  services: readonly string[],
): Finding[] {
  const tagged = templates.flatMap((template) =>
    template.resources.flatMap(({ body, line }) => {
      const source = valueAt(body, 'tags')?.source ?? '';
      const given = /'azd-service-name':\s*([^\s,}]+)/.exec(source)?.[1];
      if (given === undefined) return [];
      const value = { kind: 'unknown', source: given, line } as const;
      return resolver
        .possible(value, template)
        .map((one) => ({ file: template.file, line, name: one.source.replaceAll("'", '') }));
    }),
  );
  const finding = (file: string, line: number, message: string): Finding => ({
    file,
    line,
    rule: 'service',
    message,
  });
  return [
    ...services
      .filter((name) => !tagged.some((one) => one.name === name))
      .map((name) => finding('azure.yaml', 1, `no resource is tagged azd-service-name: ${name}`)),
    ...tagged
      .filter(({ name }) => !services.includes(name))
      .map(({ file, line, name }) => finding(file, line, `azure.yaml has no service ${name}`)),
  ];
}

function typeOf({ type }: Resource): string {
  return type.split('@')[0] ?? '';
}
