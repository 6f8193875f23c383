/** Route templates as the Functions host understands them, matched in the alphabetical order of the functions. */
import { HostError } from './errors.ts';

export interface Route {
  /** Without a leading slash, the prefix included. */
  template: string;
  segments: Segment[];
}

type Constraint = { name: string; test: (value: string) => boolean };
type Parameter = { name: string; optional: boolean; default?: string; constraints: Constraint[] };
type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; parameter: Parameter }
  /** Literals and parameters side by side, as in `{name}.{ext}`. */
  | { kind: 'mixed'; pattern: RegExp; parameters: Parameter[] }
  | { kind: 'rest'; parameter: Parameter };

/**
 * @param prefix `extensions.http.routePrefix`, maybe empty.
 * @throws HostError when the template is malformed or reserved by the host.
 */
export function parseRoute(functionName: string, prefix: string, route: string): Route {
  const own = route.replace(/^\//, '');
  // The service makes this check before the prefix is added, so `api/admin` is refused as well.
  const reserved = /^(admin|runtime)/i.exec(own);
  if (reserved) {
    throw new HostError(
      `Function "${functionName}": a route may not start with "${reserved[0]}", which belongs to the host; it is "${route}".`,
    );
  }
  const template = [prefix, own].filter((part) => part !== '').join('/');
  const fail = (problem: string): never => {
    throw new HostError(`Function "${functionName}": the route "${route}" ${problem}.`);
  };
  const texts = template === '' ? [] : template.split(/\/(?![^{]*\})/);
  const segments = texts.map((text) => parseSegment(text, fail));
  const rest = segments.findIndex((segment) => segment.kind === 'rest');
  if (rest >= 0 && rest < segments.length - 1) fail('has something after its catch-all parameter');
  const names = segments.flatMap(parametersOf).map((parameter) => parameter.name.toLowerCase());
  if (new Set(names).size < names.length) fail('names a parameter twice');
  return { template, segments };
}

/**
 * The parameters of `path` under `route`, or null when it does not match.
 * @param path pathname of the request, still percent-encoded.
 */
export function matchRoute(route: Route, path: string): Record<string, string> | null {
  const raw = path.slice(1);
  const parts = raw === '' ? [] : raw.replace(/\/$/, '').split('/');
  const parameters: Record<string, string> = {};
  for (const [index, segment] of route.segments.entries()) {
    if (segment.kind === 'rest') {
      const value = raw.split('/').slice(index).join('/');
      return assign(parameters, segment.parameter, value === '' ? undefined : decode(value))
        ? parameters
        : null;
    }
    const part = parts[index];
    if (!matchSegment(segment, part === undefined || part === '' ? undefined : decode(part), parameters))
      return null;
  }
  return parts.length > route.segments.length ? null : parameters;
}

/** Whether some path could match both. Parameters under different constraints count as apart. */
export function routesOverlap(a: Route, b: Route): boolean {
  for (let index = 0; ; index += 1) {
    const left = a.segments[index];
    const right = b.segments[index];
    if (left?.kind === 'rest' || right?.kind === 'rest') return true;
    if (left === undefined || right === undefined) return isOptional(left) && isOptional(right);
    if (!segmentsMeet(left, right)) return false;
  }
}

function parametersOf(segment: Segment): Parameter[] {
  switch (segment.kind) {
    case 'literal':
      return [];
    case 'mixed':
      return segment.parameters;
    case 'parameter':
    case 'rest':
      return [segment.parameter];
  }
}

function isOptional(segment: Segment | undefined): boolean {
  if (segment === undefined) return true;
  return (
    segment.kind === 'parameter' && (segment.parameter.optional || segment.parameter.default !== undefined)
  );
}

function segmentsMeet(a: Segment, b: Segment): boolean {
  if (a.kind === 'literal') return matchSegment(b, a.text, {});
  if (b.kind === 'literal') return matchSegment(a, b.text, {});
  const names = (segment: Segment) =>
    parametersOf(segment).flatMap((parameter) => parameter.constraints.map((constraint) => constraint.name));
  const [left, right] = [names(a), names(b)];
  return left.length === 0 || right.length === 0 || left.some((name) => right.includes(name));
}

function parseSegment(text: string, fail: (problem: string) => never): Segment {
  const rest = /^\{\*{1,2}([^{}]+)\}$/.exec(text);
  if (rest?.[1]) return { kind: 'rest', parameter: { ...parseParameter(rest[1], fail), optional: true } };
  const only = /^\{([^{}*](?:[^{}]|\{\{|\}\})*)\}$/.exec(text);
  if (only?.[1]) return { kind: 'parameter', parameter: parseParameter(only[1], fail) };
  if (!/[{}]/.test(text)) return { kind: 'literal', text };

  const parameters: Parameter[] = [];
  let pattern = '';
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    const inner = /^\{([^{}*]+)\}$/.exec(piece)?.[1];
    if (inner === undefined && /[{}]/.test(piece)) fail(`has unbalanced braces in "${text}"`);
    if (inner === undefined) {
      pattern += piece.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
      continue;
    }
    parameters.push(parseParameter(inner, fail));
    pattern += '(.+?)';
  }
  return { kind: 'mixed', pattern: new RegExp(`^${pattern}$`, 'i'), parameters };
}

function parseParameter(text: string, fail: (problem: string) => never): Parameter {
  const match = /^([\w-]+)((?::[^:()=?]+(?:\(.*?\))?)*)(\?|=.*)?$/.exec(text);
  if (!match?.[1]) return fail(`has a malformed parameter "{${text}}"`);
  const [, name, constraints = '', tail] = match;
  return {
    name,
    optional: tail === '?',
    ...(tail?.startsWith('=') && { default: tail.slice(1) }),
    constraints: [...constraints.matchAll(/:([^:()]+)(?:\((.*?)\))?/g)].map(
      ([, kind = '', argument = '']) => ({
        name: kind,
        test: constraintTest(kind, argument, fail),
      }),
    ),
  };
}

function constraintTest(
  kind: string,
  argument: string,
  fail: (problem: string) => never,
): (value: string) => boolean {
  const [low = Number.NaN, high = low] = argument.split(',').map(Number);
  switch (kind.toLowerCase()) {
    case 'int':
    case 'long':
      return (value) => /^[+-]?\d+$/.test(value);
    case 'decimal':
    case 'double':
    case 'float':
      return (value) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
    case 'bool':
      return (value) => /^(true|false)$/i.test(value);
    case 'guid':
      return (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
    case 'alpha':
      return (value) => /^[a-z]*$/i.test(value);
    case 'datetime':
      return (value) => !Number.isNaN(Date.parse(value));
    case 'required':
      return (value) => value !== '';
    case 'minlength':
      return (value) => value.length >= low;
    case 'maxlength':
      return (value) => value.length <= low;
    case 'length':
      return (value) => value.length >= low && value.length <= high;
    case 'min':
      return (value) => Number(value) >= low;
    case 'max':
      return (value) => Number(value) <= low;
    case 'range':
      return (value) => Number(value) >= low && Number(value) <= high;
    case 'regex': {
      const pattern = new RegExp(argument.replaceAll('{{', '{').replaceAll('}}', '}'), 'i');
      return (value) => pattern.test(value);
    }
    default:
      return fail(`uses the unknown constraint "${kind}"`);
  }
}

function matchSegment(segment: Segment, part: string | undefined, into: Record<string, string>): boolean {
  switch (segment.kind) {
    case 'literal':
      return part !== undefined && part.toLowerCase() === segment.text.toLowerCase();
    case 'parameter':
      return assign(into, segment.parameter, part);
    case 'mixed': {
      const match = part === undefined ? null : segment.pattern.exec(part);
      return (
        match !== null && segment.parameters.every((parameter, i) => assign(into, parameter, match[i + 1]))
      );
    }
    case 'rest':
      return assign(into, segment.parameter, part);
  }
}

function assign(into: Record<string, string>, parameter: Parameter, given: string | undefined): boolean {
  const value = given ?? parameter.default;
  if (value === undefined) return parameter.optional;
  if (!parameter.constraints.every((constraint) => constraint.test(value))) return false;
  into[parameter.name] = value;
  return true;
}

/** One decoding; an encoded slash stays as it is, since it separates nothing, and so does what is not UTF-8. */
function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
  } catch {
    return text;
  }
}
