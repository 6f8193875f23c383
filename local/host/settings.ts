/** host.json, local.settings.json and the settings they lead to. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError, messageOf } from './errors.ts';

export type Env = Record<string, string | undefined>;

export interface QueueSettings {
  batchSize: number;
  newBatchThreshold: number;
  maxDequeueCount: number;
  visibilityTimeoutMs: number;
  maxPollingIntervalMs: number;
  encoding: 'base64' | 'none';
}

export interface HostSettings {
  routePrefix: string;
  /** Headers added to every HTTP answer. */
  customHeaders: Record<string, string>;
  /** Null: no limit. */
  functionTimeoutMs: number | null;
  queues: QueueSettings;
}

/**
 * Reads host.json; `AzureFunctionsJobHost__a__b` in `env` overrides `a.b`.
 * @throws HostError naming the key that is wrong.
 */
export function readHostSettings(appDir: string, env: Env): HostSettings {
  const json = readJson(join(appDir, 'host.json'));
  if (json['version'] !== '2.0') {
    throw new HostError(`${join(appDir, 'host.json')} must contain "version": "2.0".`);
  }
  const get = (...path: string[]): unknown => override(env, path) ?? dig(json, path);
  const queue = (key: string) => get('extensions', 'queues', key);
  const batchSize = integer('queues.batchSize', queue('batchSize') ?? 16, 1, 32);
  const headers = get('extensions', 'http', 'customHeaders');
  return {
    routePrefix: text('http.routePrefix', get('extensions', 'http', 'routePrefix') ?? 'api').replace(
      /^\/|\/$/g,
      '',
    ),
    customHeaders: isRecord(headers)
      ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, text(name, value)]))
      : {},
    functionTimeoutMs: functionTimeout(get('functionTimeout')),
    queues: {
      batchSize,
      newBatchThreshold: integer(
        'queues.newBatchThreshold',
        queue('newBatchThreshold') ?? Math.floor(batchSize / 2),
        0,
        1000,
      ),
      maxDequeueCount: integer('queues.maxDequeueCount', queue('maxDequeueCount') ?? 5, 1, 1_000_000),
      visibilityTimeoutMs: timeSpan('queues.visibilityTimeout', queue('visibilityTimeout') ?? '00:00:00'),
      maxPollingIntervalMs: Math.max(
        100,
        timeSpan('queues.maxPollingInterval', queue('maxPollingInterval') ?? '00:01:00'),
      ),
      encoding: encoding(queue('messageEncoding') ?? 'base64'),
    },
  };
}

/** `Values` of local.settings.json; an absent file, or a null value, adds nothing. */
export function readLocalSettings(appDir: string): Record<string, string> {
  const path = join(appDir, 'local.settings.json');
  if (!existsSync(path)) return {};
  const json = readJson(path);
  if (json['IsEncrypted'] === true)
    throw new HostError(`${path} is encrypted; decrypt it with \`func settings decrypt\`.`);
  const values = json['Values'] ?? {};
  if (!isRecord(values)) throw new HostError(`"Values" in ${path} must be an object of strings.`);
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null) continue;
    found[name] = text(`Values.${name}`, value);
  }
  return found;
}

/** Replaces each `%NAME%` by the setting of that name. */
export function resolveNames(value: string, env: Env): string {
  return value.replace(/%([^%]+)%/g, (_, name: string) => {
    const found = env[name];
    if (found === undefined || found === '')
      throw new HostError(`%${name}% is used by a binding, but the setting ${name} is not set.`);
    return found;
  });
}

/**
 * The connection string a binding's `connection` names.
 * @throws HostError when there is none, or when it is an identity connection, which needs Azure.
 */
export function connectionString(connection: string, env: Env): string {
  const name = connection === '' ? 'AzureWebJobsStorage' : connection;
  const found = env[`AzureWebJobs${name}`] ?? env[name];
  if (found) return found;
  const section = Object.keys(env).find((key) => key.startsWith(`${name}__`) && env[key]);
  if (section) {
    throw new HostError(
      `The connection ${name} uses an identity (${section}), which works in Azure only; set ${name} to a connection string here.`,
    );
  }
  throw new HostError(`The connection ${name} is not set; give it a storage connection string.`);
}

/** `hh:mm:ss`, `d.hh:mm:ss`, with an optional fraction, in milliseconds. */
export function timeSpan(name: string, value: unknown): number {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)$/.exec(
    typeof value === 'string' ? value : '',
  );
  if (!match)
    throw new HostError(`${name} is ${JSON.stringify(value)}; write a time span such as "00:00:30".`);
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  return Math.round(
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000,
  );
}

function functionTimeout(value: unknown): number | null {
  if (value === undefined) return 30 * 60_000;
  return value === -1 || value === '-1' ? null : timeSpan('functionTimeout', value);
}

function encoding(value: unknown): 'base64' | 'none' {
  const lower = typeof value === 'string' ? value.toLowerCase() : value;
  if (lower === 'base64' || lower === 'none') return lower;
  throw new HostError(`queues.messageEncoding is ${JSON.stringify(value)}; use "base64" or "none".`);
}

function override(env: Env, path: string[]): string | undefined {
  const name = `AzureFunctionsJobHost__${path.join('__')}`.toLowerCase();
  const key = Object.keys(env).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : env[key];
}

function dig(json: unknown, path: string[]): unknown {
  let value = json;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return value;
}

function integer(name: string, value: unknown, min: number, max: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new HostError(`${name} is ${JSON.stringify(value)}; use a whole number from ${min} to ${max}.`);
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new HostError(`${name} must be a string.`);
}

function readJson(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new HostError(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (!isRecord(value)) throw new HostError(`${path} must contain a JSON object.`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
