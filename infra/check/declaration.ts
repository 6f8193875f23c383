import { deadLetterContainer, poisonQueue } from '../../scripts/generate/bicep.ts';
import { blobContainers, containers, queues } from '../../shared/resources.ts';
import { settingDeclarations } from '../../shared/settings.ts';
import type { Finding } from './finding.ts';
import { textAt, valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Template, Value } from './template.ts';

/** App settings that the Functions platform, the C library or onnxruntime reads; our code does not. */
const platformSettings = new Set([
  'AzureWebJobsStorage__credential',
  'AzureWebJobsDisableHomepage',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'MALLOC_ARENA_MAX',
  'ORT_DISABLE_TELEMETRY',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
]);

const storesByType: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers': Object.keys(containers),
  'Microsoft.Storage/storageAccounts/blobServices/containers': blobContainers,
  'Microsoft.Storage/storageAccounts/queueServices/queues': queues.flatMap((name) => [
    name,
    poisonQueue(name),
  ]),
};

/** What `functions/blobs.ts` listens to. */
const eventQueue = 'blob-events' satisfies (typeof queues)[number];
/** Without removals, which nobody listens to. */
const blobCreated = 'Microsoft.Storage.BlobCreated';

/** What the templates as a whole fail to create or to set, though the code declares that it uses it. */
export function checkDeclared(templates: readonly Template[]): Finding[] {
  const findings: Finding[] = [];
  const missing = (message: string) =>
    findings.push({ file: 'infra/main.bicep', line: 1, rule: 'declaration', message });
  for (const [type, names] of Object.entries(storesByType)) {
    const made = resourcesOf(templates, type).map(({ resource }) => textAt(resource.body, 'name'));
    for (const name of names) if (!made.includes(name)) missing(`no ${type} named '${name}'`);
  }
  const set = settingsSet(templates).map(({ name }) => name);
  for (const [name, { where }] of Object.entries(settingDeclarations))
    if (where !== 'local' && !set.includes(name)) missing(`the app setting ${name} is not set`);
  for (const name of platformSettings) if (!set.includes(name)) missing(`the app setting ${name} is not set`);
  return findings;
}

/** Variables that the platform sets by itself, and what our code sets for a library. */
const given = /^(WEBSITE_\w+|PATH|NODE_ENV)$/;

/** What the code reads of its environment outside of the settings, and nothing sets. */
export function checkReads(templates: readonly Template[], code: ReadonlyMap<string, string>): Finding[] {
  const set = new Set([...settingsSet(templates).map(({ name }) => name), ...platformSettings]);
  return [...code].flatMap(([file, text]) =>
    [...text.matchAll(/process\.env(?:\.|\[')(\w+)/g)]
      .filter(([, name = '']) => !set.has(name) && !given.test(name))
      .map(
        ({ 1: name, index }): Finding => ({
          file,
          line: text.slice(0, index).split('\n').length,
          rule: 'declaration',
          message: `the code reads ${name}, which is no setting`,
        }),
      ),
  );
}

/** What one template says that the code knows nothing of. */
export function checkUndeclared(template: Template, all: readonly Template[], resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'declaration', message });
  for (const { name, line, file } of settingsSet(all)) {
    if (file !== template.file || platformSettings.has(name)) continue;
    const declaration = Object.entries(settingDeclarations).find(([declared]) => declared === name)?.[1];
    if (!declaration) report(line, `the code reads no app setting ${name}`);
    else if (declaration.where === 'local') report(line, `the app setting ${name} is not for Azure`);
  }
  for (const { resource } of resourcesOf([template], 'Microsoft.EventGrid/systemTopics/eventSubscriptions')) {
    const queue = textAt(
      resource.body,
      'properties.deliveryWithResourceIdentity.destination.properties.queueName',
    );
    if (queue !== eventQueue)
      report(resource.line, `events must go to the queue '${eventQueue}', not '${queue}'`);
    const kept = valueAt(
      resource.body,
      'properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName',
    );
    const deadLetters = resolver.only(kept, template);
    if (deadLetters !== undefined && deadLetters !== deadLetterContainer)
      report(resource.line, `dead letters must go to '${deadLetterContainer}', not '${deadLetters}'`);
    const container = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/$/.exec(
      textAt(resource.body, 'properties.filter.subjectBeginsWith') ?? '',
    )?.[1];
    if (!blobContainers.some((name) => name === container))
      report(resource.line, `events must be filtered to a declared blob container, not '${container}'`);
    const types = valueAt(resource.body, 'properties.filter.includedEventTypes');
    const told = types?.kind === 'array' ? types.items.map(({ source }) => source).join(', ') : 'all';
    if (told !== `'${blobCreated}'`)
      report(resource.line, `events must be of the type '${blobCreated}' alone, not ${told}`);
  }
  return findings;
}

type Setting = { readonly name: string; readonly line: number; readonly file: string };

/** Every app setting that the templates set, wherever it is written. */
function settingsSet(templates: readonly Template[]): Setting[] {
  return resourcesOf(templates, 'Microsoft.Web/sites/config').flatMap(({ template, resource }) =>
    keysOf(valueAt(resource.body, 'properties'), template, templates),
  );
}

/** The keys of an object, of the objects a call joins, and of an output of a module that is an object. */
function keysOf(value: Value | undefined, template: Template, all: readonly Template[]): Setting[] {
  switch (value?.kind) {
    case 'object':
      return value.properties.map(({ name, line }) => ({ name, line, file: template.file }));
    case 'call':
      return value.args.flatMap((argument) => keysOf(argument, template, all));
    case 'unknown': {
      const [symbol, name] = value.source.split('.outputs.');
      const path = template.modules.find((module) => module.symbol === symbol)?.path ?? '';
      const target = all.find(({ file }) => path !== '' && file.endsWith(path.replace(/^(\.\.?\/)+/, '/')));
      const output = target?.outputs.find((candidate) => candidate.name === name);
      return target && output ? keysOf(output.value, target, all) : [];
    }
    default:
      return [];
  }
}

function resourcesOf(templates: readonly Template[], type: string) {
  return templates.flatMap((template) =>
    template.resources
      .filter((resource) => !resource.existing && resource.type.split('@')[0] === type)
      .map((resource) => ({ template, resource })),
  );
}
