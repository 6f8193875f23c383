/**
 * The setting CAIRN_EXECUTORS: what trains, by name. Secrets are named in it and lie elsewhere, as a Key Vault or the
 * folder `secrets` of CAIRN_KEYS_FOLDER has them.
 */

/** One executor as the setting declares it. */
export type ExecutorSetting =
  /** A command on this machine, started without a shell. */
  | { readonly kind: 'process'; readonly command: readonly string[] }
  /** A Container Apps job, by its resource id. */
  | { readonly kind: 'container-job'; readonly resourceId: string }
  | GithubSetting
  | WebhookSetting;

export type GithubSetting = {
  readonly kind: 'github';
  readonly owner: string;
  readonly repo: string;
  /** A workflow (its file's name, or its number) at a branch or tag; or an event that workflows listen to. */
  readonly start: { readonly workflow: string; readonly ref: string } | { readonly eventType: string };
  /** Names the secret with a token of GitHub. */
  readonly tokenSecret: string;
  /** Where GitHub's REST API is, without a slash at the end. */
  readonly apiUrl: string;
};

export type WebhookSetting = {
  readonly kind: 'webhook';
  readonly url: string;
  /** Names the secret that requests are signed by; without one they are not signed. */
  readonly secret: string | undefined;
  /** A training that has not been heard of for so long is lost. */
  readonly heartbeatSeconds: number;
};

/** What the other settings say that matters here. */
export type Surroundings = {
  readonly inAzure: boolean;
  /** Whether there is anywhere to keep a secret. */
  readonly hasKeys: boolean;
  /** Whether plain http and addresses that are not public are taken. */
  readonly targets: 'public' | 'any';
};

const setting = 'CAIRN_EXECUTORS';
const form =
  '{"name": {"process": ["program", "argument"]}}, {"name": {"container_job": "<resource id>"}}, {"name": {"github": {…}}} or {"name": {"webhook": {…}}}';

export const containerJobId =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.App\/jobs\/[^/]+$/i;
const secretName = /^[0-9a-zA-Z-]{1,127}$/;
const ownerName = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/;
const repoName = /^[A-Za-z0-9._-]{1,100}$/;
const executorName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const heartbeatSecondsDefault = 300;

type Fields = Readonly<Record<string, unknown>>;
type Problem = (path: readonly string[], what: string) => undefined;

/**
 * The executors that the text of the setting declares; what is wrong with it goes to `problems`, each with its path in
 * the setting and what to write there. Values are not repeated: somebody may have put a secret there.
 */
export function parseExecutors(
  text: string,
  surroundings: Surroundings,
  problems: string[],
): Readonly<Record<string, ExecutorSetting>> {
  const problem: Problem = (path, what) => void problems.push(`${[setting, ...path].join('.')} ${what}.`);
  const parsed = parsedObject(text);
  if (!parsed) {
    problem([], `must be JSON of the form ${form}`);
    return {};
  }
  const executors: Record<string, ExecutorSetting> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (!executorName.test(name)) {
      problem(
        [],
        'has a name that is no name: use 1 to 63 letters, digits, dots, underscores and hyphens, a letter or digit first',
      );
      continue;
    }
    const executor = executorOf(name, value, surroundings, problem);
    if (executor) executors[name] = executor;
  }
  return executors;
}

function executorOf(
  name: string,
  value: unknown,
  surroundings: Surroundings,
  problem: Problem,
): ExecutorSetting | undefined {
  if (Array.isArray(value)) return processOf([name], value, surroundings, problem);
  const [[kind, given] = [], ...more] = isFields(value) ? Object.entries(value) : [];
  if (kind === undefined || more.length > 0)
    return problem([name], 'must hold exactly one of process, container_job, github and webhook');
  const path = [name, kind];
  switch (kind) {
    case 'process':
      return processOf(path, given, surroundings, problem);
    case 'container_job':
      return typeof given === 'string' && containerJobId.test(given)
        ? { kind: 'container-job', resourceId: given }
        : problem(
            path,
            'must be the resource id of a job: /subscriptions/…/resourceGroups/…/providers/Microsoft.App/jobs/…',
          );
    case 'github':
      return githubOf(path, given, surroundings, problem);
    case 'webhook':
      return webhookOf(path, given, surroundings, problem);
    default:
      return problem([name], 'has a kind that is none of process, container_job, github and webhook');
  }
}

function processOf(
  path: readonly string[],
  given: unknown,
  { inAzure }: Surroundings,
  problem: Problem,
): ExecutorSetting | undefined {
  if (!isCommand(given)) return problem(path, 'must be a command, ["program", "argument", …]');
  if (inAzure)
    return problem(path, 'is a command, which is refused in Azure; use container_job, github or webhook');
  return { kind: 'process', command: given };
}

function githubOf(
  path: readonly string[],
  given: unknown,
  surroundings: Surroundings,
  problem: Problem,
): GithubSetting | undefined {
  const fields = checkedFields(
    path,
    given,
    ['owner', 'repo', 'workflow', 'event_type', 'ref', 'token_secret', 'api_url'],
    problem,
  );
  if (!fields) return undefined;
  const text = textsOf(path, fields, problem);
  const owner = text('owner', ownerName, 'must be the owner of the repository as GitHub spells it');
  const repo = text('repo', repoName, 'must be the name of the repository, without its owner');
  const tokenSecret = secretOf(path, 'token_secret', fields, surroundings, problem);
  if (tokenSecret === undefined && fields['token_secret'] === undefined)
    problem([...path, 'token_secret'], 'is missing; name the secret that holds a token of GitHub');
  const apiUrl =
    fields['api_url'] === undefined
      ? 'https://api.github.com'
      : urlOf([...path, 'api_url'], fields['api_url'], surroundings, problem);
  if ('workflow' in fields === 'event_type' in fields)
    return problem(path, 'must hold either workflow or event_type');
  const start = startOf(path, fields, problem);
  if (!owner || !repo || !tokenSecret || !apiUrl || !start) return undefined;
  return { kind: 'github', owner, repo, start, tokenSecret, apiUrl: apiUrl.replace(/\/+$/, '') };
}

function startOf(
  path: readonly string[],
  fields: Fields,
  problem: Problem,
): GithubSetting['start'] | undefined {
  const text = textsOf(path, fields, problem);
  if ('event_type' in fields) {
    if ('ref' in fields)
      return problem([...path, 'ref'], 'goes with workflow only: an event runs on the default branch');
    const eventType = text('event_type', /^\S.{0,98}\S$|^\S$/, 'must be a text of 1 to 100 characters');
    return eventType === undefined ? undefined : { eventType };
  }
  const workflow = text(
    'workflow',
    /^([1-9]\d{0,19}|[^/\s?#%]+\.ya?ml)$/,
    'must be the name of a file in .github/workflows, as train.yml, or the number of a workflow',
  );
  const ref =
    fields['ref'] === undefined ? 'main' : text('ref', /^[^\s~^:?*[\\]{1,255}$/, 'must be a branch or a tag');
  return workflow === undefined || ref === undefined ? undefined : { workflow, ref };
}

function webhookOf(
  path: readonly string[],
  given: unknown,
  surroundings: Surroundings,
  problem: Problem,
): WebhookSetting | undefined {
  const fields = checkedFields(path, given, ['url', 'secret', 'heartbeat_seconds'], problem);
  if (!fields) return undefined;
  const url = urlOf([...path, 'url'], fields['url'], surroundings, problem);
  const secret = secretOf(path, 'secret', fields, surroundings, problem);
  const heartbeatSeconds = fields['heartbeat_seconds'] ?? heartbeatSecondsDefault;
  if (
    typeof heartbeatSeconds !== 'number' ||
    !Number.isInteger(heartbeatSeconds) ||
    heartbeatSeconds < 10 ||
    heartbeatSeconds > 86_400
  )
    return problem([...path, 'heartbeat_seconds'], 'must be a whole number from 10 to 86400');
  if (url === undefined || (fields['secret'] !== undefined && secret === undefined)) return undefined;
  return { kind: 'webhook', url, secret, heartbeatSeconds };
}

/** The fields of an executor; `undefined` where it is no object, or has one that nobody knows. */
function checkedFields(
  path: readonly string[],
  given: unknown,
  known: readonly string[],
  problem: Problem,
): Fields | undefined {
  if (!isFields(given)) return problem(path, `must be an object with ${known.join(', ')}`);
  const stranger = Object.keys(given).some((name) => !known.includes(name));
  return stranger ? problem(path, `has a field that is none of ${known.join(', ')}`) : given;
}

function textsOf(path: readonly string[], fields: Fields, problem: Problem) {
  return (name: string, pattern: RegExp, what: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && pattern.test(value) ? value : problem([...path, name], what);
  };
}

function secretOf(
  path: readonly string[],
  name: string,
  fields: Fields,
  { hasKeys }: Surroundings,
  problem: Problem,
): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !secretName.test(value))
    return problem(
      [...path, name],
      'must be the name of a secret, of 1 to 127 letters, digits and hyphens, and never the secret itself',
    );
  if (!hasKeys)
    return problem(
      [...path, name],
      'names a secret, but there is neither CAIRN_KEY_VAULT_URL nor CAIRN_KEYS_FOLDER',
    );
  return value;
}

function urlOf(
  path: readonly string[],
  value: unknown,
  { targets }: Surroundings,
  problem: Problem,
): string | undefined {
  if (typeof value !== 'string' || !/^https?:\/\/[^/?#\s]+/.test(value) || !URL.canParse(value))
    return problem(path, 'must be an https URL');
  const { protocol, username, password } = new URL(value);
  if (username !== '' || password !== '')
    return problem(path, 'must not hold a user name or password; name a secret instead');
  if (targets === 'public' && protocol !== 'https:')
    return problem(path, 'must be an https URL (CAIRN_WEBHOOK_TARGETS=any allows http on a laptop)');
  return value;
}

export function isCommand(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string' && part !== '')
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsedObject(text: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isFields(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
