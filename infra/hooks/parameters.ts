import { type Finding, missing, warning } from './finding.ts';

export type Values = Readonly<Record<string, string | undefined>>;

/** What `infra/main.bicep` takes as a parameter, and the variable that gives it. */
export type Parameter = {
  readonly name: string;
  readonly variable: string;
  readonly type: string;
  readonly initial: string;
  readonly allowed: readonly string[];
  readonly min: number;
  readonly max: number;
};

/** The parameters of the template that an environment of azd gives. */
export function parametersOf(bicep: string, parametersFile: string): Parameter[] {
  const given = [...parametersFile.matchAll(/"(\w+)": \{ "value": "\$\{(\w+)(?:=([^}]*))?\}" \}/g)];
  return given.map(([, name = '', variable = '', initial = '']) => {
    const [, decorators = '', type = ''] =
      new RegExp(`((?:^(?!param|var|$).*\n)*)^param ${name} (\\w+)`, 'm').exec(bicep) ?? [];
    const [, list = ''] = /@allowed\(\[([^\]]*)\]\)/.exec(decorators) ?? [];
    const bound = (kind: string, otherwise: number) =>
      Number(new RegExp(`@${kind}Value\\((-?\\d+)\\)`).exec(decorators)?.[1] ?? otherwise);
    return {
      name,
      variable,
      type,
      initial,
      allowed: list.split(/\s+/).flatMap((text) => text.replaceAll("'", '') || []),
      min: bound('min', -Infinity),
      max: bound('max', Infinity),
    };
  });
}

/** The value of each variable, with the defaults of the parameters file. */
export function withDefaults(parameters: readonly Parameter[], values: Values): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ variable, initial }) => [variable, values[variable] || initial]),
  );
}

/** What is wrong with values one by one, and taken together. */
export function findingsOfValues(parameters: readonly Parameter[], values: Values): Finding[] {
  const all = withDefaults(parameters, values);
  return [...parameters.flatMap((one) => refused(one, all[one.variable] ?? '')), ...together(all)];
}

function refused({ variable, type, allowed, min, max }: Parameter, value: string): Finding[] {
  const wrong = (must: string) => [
    missing(`${variable} is '${value}', and must be ${must}.`, `azd env set ${variable} <value>`),
  ];
  if (allowed.length > 0 && !allowed.includes(value)) return wrong(`one of ${allowed.join(', ')}`);
  if (type === 'bool' && value !== 'true' && value !== 'false') return wrong('true or false');
  if (type !== 'int' || allowed.length > 0) return [];
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return [];
  if (Number.isFinite(max)) return wrong(`a whole number from ${min} to ${max}`);
  return wrong(Number.isFinite(min) ? `a whole number of ${min} or more` : 'a whole number');
}

function together(all: Readonly<Record<string, string>>): Finding[] {
  const findings: Finding[] = [];
  const is = (variable: string, value: string) => all[variable] === value;
  const number = (variable: string) => Number(all[variable]);
  if (number('CAIRN_ALWAYS_READY') > number('CAIRN_INSTANCES_MAX'))
    findings.push(
      missing(
        `CAIRN_ALWAYS_READY (${all['CAIRN_ALWAYS_READY']}) is more than CAIRN_INSTANCES_MAX (${all['CAIRN_INSTANCES_MAX']}).`,
        'azd env set CAIRN_INSTANCES_MAX <value>',
      ),
    );
  if (is('CAIRN_COSMOS_CAPACITY', 'autoscale') && number('CAIRN_COSMOS_RU_MAX') % 1000 !== 0)
    findings.push(
      missing(
        `CAIRN_COSMOS_RU_MAX is ${all['CAIRN_COSMOS_RU_MAX']}; autoscale goes by thousands.`,
        'azd env set CAIRN_COSMOS_RU_MAX 1000',
      ),
    );
  if (is('CAIRN_COSMOS_CAPACITY', 'serverless') && !is('CAIRN_COSMOS_RU_MAX', '1000'))
    findings.push(
      warning(
        'CAIRN_COSMOS_RU_MAX says nothing while the capacity is serverless.',
        'azd env set CAIRN_COSMOS_CAPACITY autoscale',
      ),
    );
  if (is('CAIRN_NETWORK', 'private'))
    findings.push(
      warning(
        'With a private network, storage and metadata answer within it alone: no token is made for the first admin from outside, and clients outside cannot move large files.',
        'Deploy from a machine in the network, or one that is peered with it.',
      ),
    );
  findings.push(...ofPipeline(all), ...ofQuota(all));
  if (all['CAIRN_TRAINING_REGISTRY'] && !all['CAIRN_TRAINING_IMAGE'])
    findings.push(
      warning(
        'CAIRN_TRAINING_REGISTRY says nothing without CAIRN_TRAINING_IMAGE.',
        'azd env set CAIRN_TRAINING_IMAGE <image>',
      ),
    );
  return findings;
}

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ofEntra = new RegExp(`^entra:${guid}/${guid}$`, 'i');

/**
 * What azd keeps in the environment of the person who deployed, and a pipeline must be given: without it, it would
 * make itself the first admin, and take from the app whom people sign in to.
 */
function ofPipeline(all: Readonly<Record<string, string>>): Finding[] {
  const { CAIRN_FIRST_ADMIN: admin = '', AZURE_PRINCIPAL_TYPE: type } = all;
  const isPipeline = type === 'ServicePrincipal';
  const given = (name: string) => `gh variable set ${name} --body "$(azd env get-value ${name})"`;
  if (admin && !ofEntra.test(admin))
    return [
      missing(
        `CAIRN_FIRST_ADMIN is '${admin}', and must be entra:<tenant id>/<object id>.`,
        'azd env set CAIRN_FIRST_ADMIN "entra:$(az account show --query tenantId --output tsv)/$(az ad signed-in-user show --query id --output tsv)"',
      ),
    ];
  const findings: Finding[] = [];
  if (isPipeline && !admin)
    findings.push(
      missing(
        'CAIRN_FIRST_ADMIN is not set, and the identity of a pipeline would become the first admin in place of a person.',
        `${given('CAIRN_FIRST_ADMIN')}, where a person has deployed; else give entra:<tenant id>/<object id>`,
      ),
    );
  if (isPipeline && !all['CAIRN_ENTRA_CLIENT_ID'])
    findings.push(
      warning(
        'CAIRN_ENTRA_CLIENT_ID is not set: where people sign in by Entra ID, they no longer will.',
        given('CAIRN_ENTRA_CLIENT_ID'),
      ),
    );
  return findings;
}

/**
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#regional-subscription-memory-quotas : what
 * all apps of this plan may use at a time, in a region of a subscription, until more is asked for.
 */
const coresOfRegion = 250;

/** What the quota is in truth no API tells: the portal alone shows it. */
function ofQuota(all: Readonly<Record<string, string>>): Finding[] {
  const apps = all['CAIRN_APPS'] === 'two' ? 2 : 1;
  const cores = (apps * Number(all['CAIRN_INSTANCES_MAX']) * Number(all['CAIRN_INSTANCE_MB'])) / 2048;
  if (!(cores > coresOfRegion)) return [];
  return [
    warning(
      `${apps === 2 ? 'Two apps' : 'The app'} may grow to ${cores} cores together (CAIRN_INSTANCES_MAX, CAIRN_INSTANCE_MB), and a region gives ${coresOfRegion} to all Flex Consumption apps of a subscription unless more were granted: then they no longer grow.`,
      'Ask for more by a support request, or azd env set CAIRN_INSTANCES_MAX <less>',
    ),
  ];
}
