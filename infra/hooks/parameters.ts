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
  if (all['CAIRN_TRAINING_REGISTRY'] && !all['CAIRN_TRAINING_IMAGE'])
    findings.push(
      warning(
        'CAIRN_TRAINING_REGISTRY says nothing without CAIRN_TRAINING_IMAGE.',
        'azd env set CAIRN_TRAINING_IMAGE <image>',
      ),
    );
  return findings;
}
