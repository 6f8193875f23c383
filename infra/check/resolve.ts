import { posix } from 'node:path';
import { valueAt } from './finding.ts';
import type { Parameter, Template, Value } from './template.ts';

/** Deeper than templates ever are: parameters that are given to each other in a circle end here. */
const depthMax = 30;

/** Follows values through parameters, variables, conditions and the outputs of modules, to what they can be. */
export class Resolver {
  readonly #templates: readonly Template[];
  readonly #callers = new Map<string, { template: Template; params: Value | undefined }[]>();

  constructor(templates: readonly Template[]) {
    this.#templates = templates;
    for (const template of templates)
      for (const module of template.modules) {
        const target = this.target(template, module.path)?.file ?? '';
        const callers = this.#callers.get(target) ?? [];
        callers.push({ template, params: valueAt(module.body, 'params') });
        this.#callers.set(target, callers);
      }
  }

  /** The template that a module of `template` is made of. */
  target(template: Template, path: string): Template | undefined {
    const file = posix.join(posix.dirname(template.file), path);
    return this.#templates.find((candidate) => candidate.file === file);
  }

  /**
   * All that a value can turn out to be. Of what only a deployment knows it is the expression itself, as `unknown`,
   * `call`, or a string without a text.
   */
  possible(value: Value, template: Template, depth = 0): readonly Value[] {
    if (depth > depthMax) return [value];
    if (value.kind === 'either')
      return value.values.flatMap((one) => this.possible(one, template, depth + 1));
    if (value.kind !== 'unknown') return [value];
    if (value.notEmpty)
      return this.possible({ ...value, notEmpty: false }, template, depth + 1).filter(isFilled);
    const [, module, output] = /^(\w+)\.outputs\.(\w+)$/.exec(value.source) ?? [];
    if (module !== undefined) return this.#output(value, template, module, output, depth);
    const resource = template.resources.find(({ symbol }) => `${symbol}.name` === value.source);
    const given = resource && valueAt(resource.body, 'name');
    if (given) return this.possible(given, template, depth + 1);
    const variable = template.variables.find(({ name }) => name === value.source);
    if (variable) return this.possible(variable.value, template, depth + 1);
    const parameter = template.parameters.find(({ name }) => name === value.source);
    return parameter ? this.#given(value, parameter, template, depth) : [value];
  }

  /** The only plain value that there can be, or `undefined`. */
  only(value: Value | undefined, template: Template): string | number | boolean | undefined {
    const plain = new Set(value ? this.possible(value, template).map(plainOf) : []);
    return plain.size === 1 ? [...plain][0] : undefined;
  }

  /**
   * Every plain text that the source of a value leads to, also through what a loop goes over: of
   * `guid(storage.id, role.value)` those of the roles.
   */
  textsIn(source: string, template: Template, over?: string, depth = 0): string[] {
    if (depth > depthMax) return [];
    const literal = [...source.matchAll(/'([^'$]*)'/g)].map(([, text = '']) => text);
    const names = new Set(source.match(/(?<![\w.'])[A-Za-z_]\w*/g));
    const through = template.variables
      .filter(({ name }) => names.has(name))
      .flatMap(({ value }) => this.textsIn(value.source, template, undefined, depth + 1));
    const looped = over === undefined ? [] : this.textsIn(over, template, undefined, depth + 1);
    return [...literal, ...through, ...looped];
  }

  #output(
    value: Value,
    template: Template,
    module: string,
    output: string | undefined,
    depth: number,
  ): readonly Value[] {
    const path = template.modules.find(({ symbol }) => symbol === module)?.path;
    const target = path === undefined ? undefined : this.target(template, path);
    const found = target?.outputs.find(({ name }) => name === output);
    return target && found ? this.possible(found.value, target, depth + 1) : [value];
  }

  /** What a parameter is given by all who call its template; who deploys may give main's whatever it allows. */
  #given(value: Value, parameter: Parameter, template: Template, depth: number): readonly Value[] {
    const initial = parameter.default ? this.possible(parameter.default, template, depth + 1) : [];
    const callers = this.#callers.get(template.file);
    if (!callers) {
      const allowed = parameter.decorators.get('allowed');
      return allowed?.kind === 'array' ? allowed.items : [...initial, value];
    }
    return callers.flatMap(({ template: caller, params }) => {
      const given =
        params?.kind === 'object' && params.properties.find(({ name }) => name === parameter.name);
      return given ? this.possible(given.value, caller, depth + 1) : initial;
    });
  }
}

const isFilled = (value: Value) => value.kind !== 'string' || value.text !== '';

function plainOf(value: Value): string | number | boolean | undefined {
  switch (value.kind) {
    case 'string':
      return value.text;
    case 'number':
      return value.number;
    case 'boolean':
      return value.boolean;
    default:
      return undefined;
  }
}
