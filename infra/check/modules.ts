import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Parameter, Template, Value } from './template.ts';

/** Modules that are called wrongly: without what they need, or with what they do not take. */
export function checkModules(template: Template, resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'module', message });
  for (const module of template.modules) {
    const target = resolver.target(template, module.path);
    if (!target) {
      report(module.line, `there is no template at ${module.path}`);
      continue;
    }
    const params = valueAt(module.body, 'params');
    const given = params?.kind === 'object' ? params.properties : [];
    for (const { name, line, value } of given) {
      const parameter = target.parameters.find((one) => one.name === name);
      if (!parameter) report(line, `${target.file} has no parameter '${name}'`);
      else
        for (const why of new Set(resolver.possible(value, template).map((one) => whyNot(one, parameter))))
          if (why !== undefined) report(line, `${target.file} takes for '${name}' ${why}`);
    }
    for (const { name, required } of target.parameters)
      if (required && !given.some((property) => property.name === name))
        report(module.line, `${target.file} needs the parameter '${name}'`);
    for (const { module: symbol, name, line } of template.outputsRead)
      if (symbol === module.symbol && !target.outputs.some((output) => output.name === name))
        report(line, `${target.file} has no output '${name}'`);
  }
  return findings;
}

/** Outputs that are not what they are declared to be. */
export function checkOutputs(template: Template, resolver: Resolver): Finding[] {
  return template.outputs.flatMap(({ name, line, type, value }) => {
    const parameter = template.parameters.find((one) => one.name === value.source);
    const kind = kindOf[type];
    const wrong = parameter
      ? parameter.type !== type
      : resolver.possible(value, template).some((one) => isPlain(one) && one.kind !== kind);
    if (!wrong || kind === undefined) return [];
    const message = `the output '${name}' must be ${words[kind]}, not ${value.source.slice(0, 60)}`;
    return [{ file: template.file, line, rule: 'module', message }];
  });
}

const isPlain = ({ kind }: Value) => kind !== 'unknown' && kind !== 'call' && kind !== 'either';

const kindOf: Readonly<Record<string, Value['kind']>> = {
  string: 'string',
  int: 'number',
  bool: 'boolean',
  object: 'object',
  array: 'array',
};

/** Why a parameter does not take a value, in words that say what it takes; `undefined` where it does, or may. */
export function whyNot(value: Value, { type, decorators }: Parameter): string | undefined {
  if (!isPlain(value)) return undefined;
  const kind = kindOf[type];
  if (kind !== undefined && value.kind !== kind) return `${words[kind]}, not ${value.source.slice(0, 60)}`;
  const number = (name: string) => {
    const limit = decorators.get(name);
    return limit?.kind === 'number' ? limit.number : undefined;
  };
  const size = sizeOf(value);
  if (size !== undefined) {
    const isNumber = value.kind === 'number';
    const least = number(isNumber ? 'minValue' : 'minLength') ?? -Infinity;
    const most = number(isNumber ? 'maxValue' : 'maxLength') ?? Infinity;
    const of = isNumber ? '' : value.kind === 'string' ? ' characters' : ' items';
    if (size < least) return `at least ${least}${of}, not ${size}`;
    if (size > most) return `at most ${most}${of}, not ${size}`;
  }
  const allowed = decorators.get('allowed');
  if (allowed?.kind !== 'array' || (value.kind === 'string' && value.text === undefined)) return undefined;
  if (allowed.items.some(({ source }) => source === value.source)) return undefined;
  return `one of ${allowed.items.map(({ source }) => source).join(', ')}, not ${value.source.slice(0, 60)}`;
}

const words: Readonly<Partial<Record<Value['kind'], string>>> = {
  string: 'a string',
  number: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
};

function sizeOf(value: Value): number | undefined {
  switch (value.kind) {
    case 'number':
      return value.number;
    case 'string':
      return value.text?.length;
    case 'array':
      return value.items.length;
    default:
      return undefined;
  }
}
