/**
 * The settings of the platform: one table that feeds the typed {@link Settings}, the start-up check,
 * `local.settings.sample.json`, `docs/settings.md` and the app settings in `infra/`.
 */

import type { TraceSettings } from './telemetry/index.ts';
import { containerJobId, type ExecutorSetting, isCommand, parseExecutors } from './executor-settings.ts';

type Declaration = {
  readonly about: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  readonly kind?: 'url' | 'integer' | 'json';
  /** Where it is set: by the local stack, by `infra/` in Azure, in both, or in Azure for the Functions host as well. */
  readonly where: 'local' | 'azure' | 'both' | 'host';
};

export const settingDeclarations = {
  AzureWebJobsStorage: {
    about: 'Connection string of the storage account (Azurite locally; in Azure identity is used instead).',
    where: 'local',
  },
  AzureWebJobsStorage__blobServiceUri: {
    about: 'Blob endpoint of the storage account, reached by managed identity.',
    kind: 'url',
    where: 'azure',
  },
  AzureWebJobsStorage__queueServiceUri: {
    about: 'Queue endpoint of the storage account, reached by managed identity.',
    kind: 'url',
    where: 'azure',
  },
  AzureWebJobsStorage__clientId: {
    about: 'Client id of the user-assigned identity that reads and writes storage and Cosmos DB.',
    where: 'azure',
  },
  COSMOS_ENDPOINT: { about: 'Endpoint of the Cosmos DB account.', kind: 'url', where: 'both' },
  COSMOS_KEY: {
    about: "Account key, for the local emulator only; in Azure the account's keys are off.",
    where: 'local',
  },
  CAIRN_COSMOS_TRANSPORT: {
    about:
      'Module that carries Cosmos DB requests instead of the network (the local emulator). Refused in Azure.',
    where: 'local',
  },
  CAIRN_AUTH: {
    about: '`on` refuses every caller who is not signed in; `off` is for loopback only and refused in Azure.',
    default: 'on',
    choices: ['on', 'off'],
    where: 'both',
  },
  CAIRN_FIRST_ADMIN: {
    about:
      'Principal that is admin of everything without a grant: a user name, or `entra:<tenant id>/<object id>`; `azd up` sets it to who deploys first.',
    where: 'both',
    default: '',
  },
  CAIRN_ADMIN_TOKEN_HASH: {
    about:
      'SHA-256, in hex, of a token by which the first admin signs in on this machine; `make start ARGS=--auth` sets it. Refused in Azure.',
    where: 'local',
  },
  CAIRN_ENTRA_TENANT: {
    about: 'Id of the Entra ID tenant whose tokens are accepted; empty for none.',
    where: 'both',
    default: '',
  },
  CAIRN_ENTRA_CLIENT_ID: {
    about: 'Application (client) id of the app registration that tokens must be made for.',
    where: 'both',
    default: '',
  },
  CAIRN_ENTRA_AUTHORITY: {
    about: 'Where Entra ID is; other clouds have others.',
    kind: 'url',
    default: 'https://login.microsoftonline.com',
    where: 'both',
  },
  CAIRN_DIRECTORY_CHECK: {
    about:
      '`on` asks Microsoft Graph every ten minutes who of Entra ID has left and disables them here, for which the identity of the app needs User.Read.All and Application.Read.All.',
    choices: ['on', 'off'],
    default: 'off',
    where: 'both',
  },
  CAIRN_GITHUB_ISSUER: {
    about: 'Issuer of the OIDC tokens of GitHub Actions; GitHub Enterprise Server has its own.',
    kind: 'url',
    default: 'https://token.actions.githubusercontent.com',
    where: 'both',
  },
  CAIRN_TOKEN_DAYS_MAX: {
    about: 'The longest life that a Cairn token can be given, in days.',
    kind: 'integer',
    default: '365',
    where: 'both',
  },
  CAIRN_CALLS_PER_MINUTE: {
    about: 'Calls that one principal may make in one workspace each minute before it is told to wait.',
    kind: 'integer',
    default: '6000',
    where: 'both',
  },
  CAIRN_SECRETS_IN_TEXTS: {
    about:
      'What becomes of params and tags that look like keys, signed URLs or private keys: `redact` keeps a note in their place, `refuse` answers 400, `keep` stores them.',
    choices: ['redact', 'refuse', 'keep'],
    default: 'redact',
    where: 'both',
  },
  CAIRN_SURFACES: {
    about: 'Which surfaces this app serves: all, or one half of a two-app deployment.',
    default: 'all',
    choices: ['all', 'control', 'inference'],
    where: 'both',
  },
  CAIRN_EXECUTORS: {
    about:
      'What trains models anew, as JSON by name: {"name": {"container_job": "<resource id>"}}, {"name": {"github": {"owner", "repo", "workflow" or "event_type", "ref", "token_secret", "api_url"}}}, {"name": {"webhook": {"url", "secret", "heartbeat_seconds"}}}, or on this machine {"name": {"process": ["program", "argument", …]}}. Secrets are named, and kept in the Key Vault (or the folder `secrets` of CAIRN_KEYS_FOLDER).',
    default: '{}',
    kind: 'json',
    where: 'both',
  },
  CAIRN_EXECUTOR_SECONDS_MAX: {
    about: 'How long a retraining or a conversion may run before it is stopped, in seconds.',
    default: '600',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_CONVERTER: {
    about:
      'Command that converts models of other flavours to ONNX on this machine, as JSON: ["program", "argument", …]; `make converter` installs one. Refused in Azure.',
    kind: 'json',
    where: 'local',
  },
  CAIRN_CONVERTER_JOB: {
    about:
      'Resource id of the Container Apps job that converts models of other flavours to ONNX; empty for none.',
    default: '',
    where: 'azure',
  },
  CAIRN_PUBLIC_URL: {
    about:
      'Where clients reach this app; handed to retraining and conversion jobs, and written into the programs that call an endpoint.',
    default: 'http://127.0.0.1:7071',
    kind: 'url',
    where: 'both',
  },
  CAIRN_INFERENCE_URL: {
    about: 'Where clients call endpoints, in a deployment of two apps; empty where it is CAIRN_PUBLIC_URL.',
    kind: 'url',
    where: 'both',
  },
  CAIRN_KEY_VAULT_URL: {
    about:
      'Key Vault with the key that signs model versions and the secret that seals what must be stored secret.',
    kind: 'url',
    where: 'azure',
  },
  CAIRN_KEYS_FOLDER: {
    about: 'Folder of key files instead of a Key Vault; they are made where missing. Refused in Azure.',
    where: 'local',
  },
  CAIRN_WEBHOOK_TARGETS: {
    about:
      '`public` refuses webhooks to private, loopback and link-local addresses and to plain http; `any` allows them and is refused in Azure.',
    default: 'public',
    choices: ['public', 'any'],
    where: 'both',
  },
  CAIRN_OPENLINEAGE_URL: {
    about:
      'OpenLineage backend that is told of runs, scored files, retrainings and conversions when they end; events go to its path api/v1/lineage.',
    kind: 'url',
    where: 'both',
  },
  CAIRN_OPENLINEAGE_KEY: {
    about: 'Secret that the OpenLineage backend takes as bearer token; in Azure it stays in the Key Vault.',
    where: 'local',
  },
  CAIRN_OPENLINEAGE_KEY_SECRET: {
    about:
      'Name of the secret in the Key Vault (or of the file in the folder `secrets` of CAIRN_KEYS_FOLDER) that the OpenLineage backend takes as bearer token; empty for none. A rotation is noticed within minutes.',
    default: '',
    where: 'both',
  },
  CAIRN_MLFLOW_UI: {
    about:
      "Folder of MLflow's own compiled pages (mlflow/server/js/build of an installed mlflow), to be served at /mlflow.",
    where: 'local',
  },
  CAIRN_SESSION_CACHE_MB_MAX: {
    about: 'Memory that loaded models may take before the least recently used is released, in MB.',
    default: '512',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_INSTANCE_MB: {
    about:
      'Memory of an instance, in MB. A model that needs more than this less 256 MB is not deployed. In Azure it is that of the plan.',
    default: '2048',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_MODEL_FILES_MB_MAX: {
    about:
      'Disk of an instance that copies of model files may take, in MB; a model that is loaded again is read from there.',
    default: '2048',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_SCORING_TARGETS: {
    about:
      '`public` refuses deployments at private, loopback and link-local addresses and at plain http; `any` allows them and is refused in Azure.',
    default: 'public',
    choices: ['public', 'any'],
    where: 'both',
  },
  CAIRN_DELETED_RETENTION_DAYS: {
    about:
      'How long deleted experiments, runs and logged models can be restored before they are removed for good, in days.',
    default: '30',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_AUDIT_DAYS: {
    about:
      'How long entries of the audit log can be searched, in days. Its signed segments stay beyond that, for as long as the storage account keeps them.',
    default: '400',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_RETENTION_DAYS_MAX: {
    about:
      'The longest that predictions, labels and scored files can be kept by a data policy, in days; in Azure a lifecycle rule removes what is older, whether it is held or not.',
    default: '1825',
    kind: 'integer',
    where: 'both',
  },
  APPLICATIONINSIGHTS_CONNECTION_STRING: {
    about: 'Application Insights that is told of traces; the Functions host sends it logs and requests.',
    where: 'host',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    about:
      'Collector of OpenTelemetry that is told of traces in place of Application Insights, at its base URL (OTLP over HTTP). `OTEL_EXPORTER_OTLP_HEADERS` is sent with them.',
    kind: 'url',
    where: 'local',
  },
  CAIRN_TRACES_PER_MINUTE: {
    about:
      'How many traces each instance records a minute at most, where there is somebody to tell; of a busy one the rest is not recorded.',
    default: '10',
    kind: 'integer',
    where: 'both',
  },
  CAIRN_PREDICTION_FLUSH_SECONDS: {
    about:
      'How long an instance buffers logged predictions before it writes them, in seconds: what a crash can lose.',
    default: '10',
    kind: 'integer',
    where: 'both',
  },
} as const satisfies Record<string, Declaration>;

export type SettingName = keyof typeof settingDeclarations;

export type Settings = {
  readonly storage:
    | { readonly by: 'connection-string'; readonly connectionString: string }
    | { readonly by: 'identity'; readonly blobUrl: string; readonly queueUrl: string };
  readonly cosmos:
    | { readonly by: 'identity'; readonly endpoint: string }
    | { readonly by: 'key'; readonly endpoint: string; readonly key: string }
    | { readonly by: 'transport'; readonly module: string };
  readonly identityClientId: string | undefined;
  readonly auth: 'on' | 'off';
  /** The principal that is admin of everything without a grant. */
  readonly firstAdmin: string | undefined;
  /** SHA-256 in hex of the token by which the first admin signs in on this machine. */
  readonly adminTokenHash: string | undefined;
  /** Whose tokens of Entra ID are accepted. */
  readonly entra:
    | { readonly authority: string; readonly tenant: string; readonly clientId: string }
    | undefined;
  /** Whether Microsoft Graph is asked who has left. */
  readonly directoryCheck: boolean;
  readonly githubIssuer: string;
  readonly tokenDaysMax: number;
  readonly callsPerMinute: number;
  readonly secretsInTexts: 'redact' | 'refuse' | 'keep';
  readonly surfaces: 'all' | 'control' | 'inference';
  readonly executors: Readonly<Record<string, ExecutorSetting>>;
  readonly executorSecondsMax: number;
  /** What converts models of other flavours to ONNX, where there is something. */
  readonly converter:
    | { readonly by: 'command'; readonly command: readonly string[] }
    | { readonly by: 'container-job'; readonly resourceId: string }
    | undefined;
  readonly publicUrl: string;
  /** Where endpoints are called. */
  readonly inferenceUrl: string;
  /** Where the signing key and the sealing key are; without them nothing is signed or sealed. */
  readonly keys:
    | { readonly by: 'vault'; readonly url: string }
    | { readonly by: 'folder'; readonly folder: string }
    | undefined;
  readonly webhookTargets: 'public' | 'any';
  /** Where OpenLineage events are sent; `key` is a secret, `keySecret` the name of one that is kept elsewhere. */
  readonly openLineage:
    | { readonly url: string; readonly key: string | undefined; readonly keySecret: string | undefined }
    | undefined;
  readonly mlflowUi: string | undefined;
  readonly sessionCacheMbMax: number;
  readonly instanceMb: number;
  readonly modelFilesMbMax: number;
  readonly scoringTargets: 'public' | 'any';
  readonly deletedRetentionDays: number;
  readonly retentionDaysMax: number;
  readonly predictionFlushSeconds: number;
  /** How long entries of the audit log can be searched. */
  readonly auditDays: number;
  /** Where traces go; nothing is recorded without. */
  readonly traces: TraceSettings | undefined;
};

/** All that is wrong with the settings, in one message, a line each. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks every setting. Throws a {@link SettingsError} that lists all problems at once. */
export function readSettings(env: Environment): Settings {
  const problems: string[] = [];
  const get = (name: SettingName): string | undefined => {
    const declaration: Declaration = settingDeclarations[name];
    const value = env[name]?.trim() || declaration.default;
    const problem = value === undefined ? undefined : whyInvalid(declaration, value);
    if (problem === undefined) return value;
    problems.push(`${name} ${problem}.`);
    return undefined;
  };
  const inAzure = Boolean(env['WEBSITE_INSTANCE_ID'] || env['WEBSITE_SITE_NAME'] || env['WEBSITE_POD_NAME']);
  const refuseInAzure = (name: SettingName, value: string | undefined) => {
    if (inAzure && value !== undefined) problems.push(`${name} must not be set in Azure; remove it.`);
  };

  const connectionString = get('AzureWebJobsStorage');
  const blobUrl = get('AzureWebJobsStorage__blobServiceUri');
  const queueUrl = get('AzureWebJobsStorage__queueServiceUri');
  let storage: Settings['storage'] = { by: 'connection-string', connectionString: connectionString ?? '' };
  if (blobUrl && queueUrl) storage = { by: 'identity', blobUrl, queueUrl };
  else if (!connectionString)
    problems.push(
      'No storage account: set AzureWebJobsStorage, or both AzureWebJobsStorage__blobServiceUri and AzureWebJobsStorage__queueServiceUri.',
    );

  const endpoint = get('COSMOS_ENDPOINT');
  const key = get('COSMOS_KEY');
  const module = get('CAIRN_COSMOS_TRANSPORT');
  refuseInAzure('COSMOS_KEY', key);
  refuseInAzure('CAIRN_COSMOS_TRANSPORT', module);
  let cosmos: Settings['cosmos'] = { by: 'identity', endpoint: endpoint ?? '' };
  if (module) cosmos = { by: 'transport', module };
  else if (!endpoint)
    problems.push('COSMOS_ENDPOINT is not set; without it there is nowhere to keep metadata.');
  else if (key) cosmos = { by: 'key', endpoint, key };

  const auth = get('CAIRN_AUTH') === 'off' ? 'off' : 'on';
  if (inAzure && auth === 'off') problems.push('CAIRN_AUTH=off is refused in Azure; set it to on.');

  const adminTokenHash = get('CAIRN_ADMIN_TOKEN_HASH');
  refuseInAzure('CAIRN_ADMIN_TOKEN_HASH', adminTokenHash);
  if (adminTokenHash !== undefined && !/^[0-9a-f]{64}$/.test(adminTokenHash))
    problems.push('CAIRN_ADMIN_TOKEN_HASH must be 64 hexadecimal digits.');
  if (adminTokenHash !== undefined && !get('CAIRN_FIRST_ADMIN'))
    problems.push('CAIRN_ADMIN_TOKEN_HASH needs CAIRN_FIRST_ADMIN, whose token it is.');
  const tenant = get('CAIRN_ENTRA_TENANT');
  const clientId = get('CAIRN_ENTRA_CLIENT_ID');
  if (Boolean(tenant) !== Boolean(clientId))
    problems.push('CAIRN_ENTRA_TENANT and CAIRN_ENTRA_CLIENT_ID must be set together, or neither.');
  const entraAuthority = get('CAIRN_ENTRA_AUTHORITY')?.replace(/\/+$/, '') ?? '';

  const command = get('CAIRN_CONVERTER');
  refuseInAzure('CAIRN_CONVERTER', command);
  const converterJob = get('CAIRN_CONVERTER_JOB');

  const vault = get('CAIRN_KEY_VAULT_URL');
  const folder = get('CAIRN_KEYS_FOLDER');
  refuseInAzure('CAIRN_KEYS_FOLDER', folder);
  if (vault?.startsWith('http:')) problems.push('CAIRN_KEY_VAULT_URL must be an https URL.');
  const webhookTargets = get('CAIRN_WEBHOOK_TARGETS') === 'any' ? 'any' : 'public';
  const scoringTargets = get('CAIRN_SCORING_TARGETS') === 'any' ? 'any' : 'public';
  if (inAzure && webhookTargets === 'any')
    problems.push('CAIRN_WEBHOOK_TARGETS=any is refused in Azure; set it to public.');
  if (inAzure && scoringTargets === 'any')
    problems.push('CAIRN_SCORING_TARGETS=any is refused in Azure; set it to public.');

  const executors = parseExecutors(
    get('CAIRN_EXECUTORS') ?? '{}',
    { inAzure, hasKeys: Boolean(vault || folder), targets: webhookTargets },
    problems,
  );

  const openLineageUrl = get('CAIRN_OPENLINEAGE_URL');
  const openLineageKey = get('CAIRN_OPENLINEAGE_KEY');
  refuseInAzure('CAIRN_OPENLINEAGE_KEY', openLineageKey);
  const keySecret = get('CAIRN_OPENLINEAGE_KEY_SECRET') || undefined;
  if (keySecret !== undefined && !vault && !folder)
    problems.push(
      'CAIRN_OPENLINEAGE_KEY_SECRET names a secret, but there is neither CAIRN_KEY_VAULT_URL nor CAIRN_KEYS_FOLDER.',
    );

  const surfaces = (get('CAIRN_SURFACES') ?? 'all') as Settings['surfaces'];
  const collector = get('OTEL_EXPORTER_OTLP_ENDPOINT');
  const insights = get('APPLICATIONINSIGHTS_CONNECTION_STRING');
  const traceTarget: TraceSettings['to'] | undefined = collector
    ? { by: 'otlp', url: collector }
    : insights
      ? { by: 'application-insights', connectionString: insights }
      : undefined;

  const settings: Settings = {
    storage,
    cosmos,
    identityClientId: get('AzureWebJobsStorage__clientId'),
    auth,
    firstAdmin: get('CAIRN_FIRST_ADMIN') || undefined,
    adminTokenHash,
    entra: tenant && clientId ? { authority: entraAuthority, tenant, clientId } : undefined,
    directoryCheck: get('CAIRN_DIRECTORY_CHECK') === 'on',
    githubIssuer: get('CAIRN_GITHUB_ISSUER')?.replace(/\/+$/, '') ?? '',
    tokenDaysMax: Number(get('CAIRN_TOKEN_DAYS_MAX')),
    callsPerMinute: Number(get('CAIRN_CALLS_PER_MINUTE')),
    secretsInTexts: (get('CAIRN_SECRETS_IN_TEXTS') ?? 'redact') as Settings['secretsInTexts'],
    surfaces,
    executors,
    executorSecondsMax: Number(get('CAIRN_EXECUTOR_SECONDS_MAX')),
    converter: parseConverter(command, converterJob, problems),
    publicUrl: get('CAIRN_PUBLIC_URL') ?? '',
    inferenceUrl: get('CAIRN_INFERENCE_URL') ?? get('CAIRN_PUBLIC_URL') ?? '',
    keys: vault ? { by: 'vault', url: vault } : folder ? { by: 'folder', folder } : undefined,
    webhookTargets,
    openLineage: openLineageUrl ? { url: openLineageUrl, key: openLineageKey, keySecret } : undefined,
    mlflowUi: get('CAIRN_MLFLOW_UI'),
    sessionCacheMbMax: Number(get('CAIRN_SESSION_CACHE_MB_MAX')),
    instanceMb: Number(get('CAIRN_INSTANCE_MB')),
    modelFilesMbMax: Number(get('CAIRN_MODEL_FILES_MB_MAX')),
    scoringTargets,
    deletedRetentionDays: Number(get('CAIRN_DELETED_RETENTION_DAYS')),
    retentionDaysMax: Number(get('CAIRN_RETENTION_DAYS_MAX')),
    predictionFlushSeconds: Number(get('CAIRN_PREDICTION_FLUSH_SECONDS')),
    auditDays: Number(get('CAIRN_AUDIT_DAYS')),
    traces: traceTarget && {
      to: traceTarget,
      perMinute: Number(get('CAIRN_TRACES_PER_MINUTE')),
      service: surfaces === 'all' ? 'cairn' : `cairn-${surfaces}`,
    },
  };
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function whyInvalid(declaration: Declaration, value: string): string | undefined {
  if (declaration.choices && !declaration.choices.includes(value))
    return `is '${value}', but must be one of ${declaration.choices.join(', ')}`;
  switch (declaration.kind) {
    case 'url':
      return /^https?:\/\/[^/\s]+/.test(value) && URL.canParse(value) ? undefined : 'must be an http(s) URL';
    case 'integer':
      return /^[1-9]\d*$/.test(value) ? undefined : `is '${value}', but must be a whole number above 0`;
    case 'json':
    case undefined:
      return undefined;
  }
}

function parseConverter(
  command: string | undefined,
  resourceId: string | undefined,
  problems: string[],
): Settings['converter'] {
  if (command) {
    try {
      const parsed: unknown = JSON.parse(command);
      if (isCommand(parsed)) return { by: 'command', command: parsed };
    } catch {
      // Reported below, with every other problem.
    }
    problems.push('CAIRN_CONVERTER must be JSON of the form ["program", "argument"].');
    return undefined;
  }
  if (!resourceId) return undefined;
  if (containerJobId.test(resourceId)) return { by: 'container-job', resourceId };
  problems.push(
    'CAIRN_CONVERTER_JOB must be the resource id of a job: /subscriptions/…/resourceGroups/…/providers/Microsoft.App/jobs/….',
  );
  return undefined;
}
