import { definitionOf } from '../../shared/azure/cosmos.ts';
import {
  blobContainers,
  cappedContainers,
  containers,
  cosmosDatabase,
  queues,
} from '../../shared/resources.ts';
import { settingsOf } from './settings.ts';
import { literal, quoted, symbol } from './literal.ts';

const cosmos = (type: string) => `Microsoft.DocumentDB/databaseAccounts${type}@2024-11-15`;
const storage = (type: string) => `Microsoft.Storage/storageAccounts${type}@2024-01-01`;

/** Where the Functions host puts a message that failed five times. */
export const poisonQueue = (queue: string) => `${queue}-poison`;

/** Where Event Grid puts an event that it could not deliver. People read it; the code does not. */
export const deadLetterContainer = 'event-dead-letters';
const deadLetterDays = 30;
/** How long a blob that was overwritten or removed can be had back, before soft deletion adds its own days. */
const oldVersionDays = 7;

/** The Cosmos DB database and its containers. */
export function documentsTemplate(): string {
  return file('shared/resources.ts', [
    parameter('accountName', 'string', 'Name of the Cosmos DB account.'),
    parameter(
      'requestUnitsMax',
      'int',
      'Request units a second that autoscale may reach, shared by all containers; 0 on a serverless account.',
    ),
    existing('account', cosmos(''), 'name: accountName'),
    resource('database', cosmos('/sqlDatabases'), [
      'parent: account',
      `name: ${quoted(cosmosDatabase)}`,
      'properties: {',
      `  resource: ${literal({ id: cosmosDatabase }, 2)}`,
      '  options: requestUnitsMax == 0 ? {} : { autoscaleSettings: { maxThroughput: requestUnitsMax } }',
      '}',
    ]),
    ...Object.entries(containers).map(([name, declaration]) =>
      resource(`${symbol(name)}Container`, cosmos('/sqlDatabases/containers'), [
        'parent: database',
        `name: ${quoted(name)}`,
        `properties: ${literal({ resource: definitionOf(name, declaration) }, 1)}`,
      ]),
    ),
  ]);
}

/** Blob containers and how long some of them keep anything, queues, and the queues of messages that failed for good. */
export function storageTemplate(): string {
  return file('shared/resources.ts', [
    parameter('accountName', 'string', 'Name of the storage account.'),
    parameter(
      'retentionDaysMax',
      'int',
      'The longest that predictions, labels, references and scored files are kept, in days.',
    ),
    existing('account', storage(''), 'name: accountName'),
    existing('blobs', storage('/blobServices'), 'parent: account', "name: 'default'"),
    existing('queues', storage('/queueServices'), 'parent: account', "name: 'default'"),
    ...[...blobContainers, deadLetterContainer].map((name) =>
      resource(`${symbol(name)}Container`, storage('/blobServices/containers'), [
        'parent: blobs',
        `name: ${quoted(name)}`,
        `properties: ${literal({ publicAccess: 'None' }, 1)}`,
      ]),
    ),
    resource('lifecycle', storage('/managementPolicies'), [
      'parent: account',
      "name: 'default'",
      'properties: {',
      '  policy: {',
      '    rules: [',
      ...lifecycleRule(
        'retention-cap',
        cappedContainers,
        'baseBlob',
        'daysAfterModificationGreaterThan: retentionDaysMax',
      ),
      ...lifecycleRule(
        'dead-letters',
        [deadLetterContainer],
        'baseBlob',
        `daysAfterModificationGreaterThan: ${deadLetterDays}`,
      ),
      ...lifecycleRule('old-versions', [], 'version', `daysAfterCreationGreaterThan: ${oldVersionDays}`),
      '    ]',
      '  }',
      '}',
    ]),
    ...queues
      .flatMap((name) => [name, poisonQueue(name)])
      .map((name) =>
        resource(`${symbol(name)}Queue`, storage('/queueServices/queues'), [
          'parent: queues',
          `name: ${quoted(name)}`,
        ]),
      ),
    `output deadLetterContainer string = ${symbol(deadLetterContainer)}Container.name`,
  ]);
}

/** A rule that removes block blobs, or old versions of them, of some containers or of all; at the depth of a rule. */
function lifecycleRule(
  name: string,
  of: readonly string[],
  what: 'baseBlob' | 'version',
  when: string,
): string[] {
  const filters = {
    blobTypes: ['blockBlob'],
    ...(of.length > 0 && { prefixMatch: of.map((container) => `${container}/`) }),
  };
  return [
    '      {',
    `        name: ${quoted(name)}`,
    "        type: 'Lifecycle'",
    '        enabled: true',
    '        definition: {',
    `          filters: ${literal(filters, 6)}`,
    '          actions: {',
    `            ${what}: {`,
    '              delete: {',
    `                ${when}`,
    '              }',
    '            }',
    '          }',
    '        }',
    '      }',
  ];
}

/**
 * The app settings the code reads in Azure. What has no default is a parameter that must be given, so a
 * new setting cannot be forgotten; an address must be given too, since its default is this machine's.
 */
export function settingsTemplate(): string {
  const settings = settingsOf('azure');
  return file('shared/settings.ts', [
    ...settings.map(({ name, declaration }) =>
      parameter(symbol(name), 'string', declaration.about, declaration.kind === 'url' ? {} : declaration),
    ),
    `output values object = {\n${settings.map(({ name }) => `  ${name}: ${symbol(name)}\n`).join('')}}`,
  ]);
}

function file(source: string, declarations: readonly string[]): string {
  return `// Generated from ${source} by \`npm run generate\`; change it there.\n\n${declarations.join('\n\n')}\n`;
}

function parameter(
  name: string,
  type: string,
  about: string,
  options: { readonly default?: string; readonly choices?: readonly string[] } = {},
): string {
  const allowed = options.choices ? [`@allowed(${literal(options.choices)})`] : [];
  const initial = options.default === undefined ? '' : ` = ${quoted(options.default)}`;
  return [`@description(${quoted(about)})`, ...allowed, `param ${name} ${type}${initial}`].join('\n');
}

function resource(name: string, type: string, body: readonly string[]): string {
  return `resource ${name} ${quoted(type)} = {\n${body.map((line) => `  ${line}\n`).join('')}}`;
}

function existing(name: string, type: string, ...body: readonly string[]): string {
  return `resource ${name} ${quoted(type)} existing = {\n${body.map((line) => `  ${line}\n`).join('')}}`;
}
