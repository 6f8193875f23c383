import { posix } from 'node:path';
import type { Finding } from './finding.ts';
import { textAt, valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Resource, Template, Value } from './template.ts';

/** Types that keep logs of who did what, and the categories of these that are to be sent to the workspace. */
const logging: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.Storage/storageAccounts/blobServices': ['StorageRead', 'StorageWrite', 'StorageDelete'],
  'Microsoft.Storage/storageAccounts/queueServices': ['StorageWrite', 'StorageDelete'],
  'Microsoft.DocumentDB/databaseAccounts': ['ControlPlaneRequests', 'PartitionKeyStatistics'],
  'Microsoft.KeyVault/vaults': ['AuditEvent'],
  'Microsoft.EventGrid/systemTopics': ['DeliveryFailures'],
  'Microsoft.App/managedEnvironments': ['ContainerAppConsoleLogs', 'ContainerAppSystemLogs'],
};

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
export function checkUpkeep(template: Template, all: readonly Template[], resolver: Resolver): Finding[] {
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
    if (
      !existing &&
      isWhole &&
      !untagged.includes(name) &&
      !isTagged(valueAt(body, 'tags'), template, resolver)
    )
      report(
        'tags',
        `has no tag ${ofEnvironment}, by which azd finds what is its own and costs are told apart`,
      );
  }
  return findings;
}

const ofEnvironment = 'azd-env-name';

/** Whether tags hold that of the environment, in all that they can be; what only a caller knows is taken to. */
function isTagged(tags: Value | undefined, template: Template, resolver: Resolver): boolean {
  const possible = tags ? resolver.possible(tags, template) : [];
  return (
    possible.length > 0 &&
    possible.every((value) => {
      if (value.kind === 'call') return value.args.some((one) => isTagged(one, template, resolver));
      if (value.kind === 'object') return value.properties.some(({ name }) => name.includes(ofEnvironment));
      return value.kind === 'unknown';
    })
  );
}

/** Resources whose logs nobody keeps. */
export function checkDiagnostics(templates: readonly Template[]): Finding[] {
  const made = templates.flatMap((template) =>
    template.resources.filter(({ existing }) => !existing).map((resource) => ({ template, resource })),
  );
  const sent = new Set(
    made
      .filter(({ resource }) => typeOf(resource) === 'Microsoft.Insights/diagnosticSettings')
      .flatMap(({ template, resource: { body } }) => {
        const scope = valueAt(body, 'scope')?.source;
        const on = template.resources.find(({ symbol }) => symbol === scope);
        const logs = valueAt(body, 'properties.logs');
        if (!on || logs?.kind !== 'array' || !valueAt(body, 'properties.workspaceId')) return [];
        return logs.items.flatMap((log) =>
          log.kind === 'object' && valueAt(log, 'enabled')?.source === 'true'
            ? `${typeOf(on)} ${textAt(log, 'category')}`
            : [],
        );
      }),
  );
  return made.flatMap(({ template: { file }, resource }) => {
    const type = typeOf(resource);
    const lost = (logging[type] ?? []).filter((category) => !sent.has(`${type} ${category}`));
    if (lost.length === 0) return [];
    const message = `${resource.symbol}: no diagnostic settings send ${lost.join(', ')} to the workspace`;
    return [{ file, line: resource.line, rule: 'diagnostics', message }];
  });
}

/** Files that a template reads into itself, and that are not there. */
export function checkFiles(templates: readonly Template[], files: ReadonlySet<string>): Finding[] {
  return templates.flatMap(({ file, loads }) =>
    loads
      .filter(({ name }) => !files.has(posix.join(posix.dirname(file), name)))
      .map(({ name, line }): Finding => ({ file, line, rule: 'name', message: `there is no file ${name}` })),
  );
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
