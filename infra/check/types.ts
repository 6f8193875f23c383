import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import bicepTypes, {
  type BicepType,
  type ObjectTypeProperty,
  type StringType,
  type TypeReference,
} from 'bicep-types';
import type { Finding } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { ObjectValue, Template, Value } from './template.ts';

const { readTypesJson, TypeBaseKind, ObjectTypePropertyFlags } = bicepTypes;

/** Azure's own description of its resource types, from a folder of type files. */
export type AzureTypes = {
  /** The description of `Type@version`, or `undefined` where the folder does not know it. */
  find(type: string): Promise<{ types: readonly BicepType[]; body: TypeReference } | undefined>;
};

/**
 * Opens a folder of `bicep-types` files. Its `index.json` maps `Type@version` either to a file, or, as in
 * the public repository of Azure's types, under `resources` to `{"$ref": "file#/position"}`.
 */
export async function openTypes(folder: string): Promise<AzureTypes> {
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Record<string, unknown>;
  const entries = Object.entries((index['resources'] ?? index) as Record<string, string | { $ref: string }>);
  const files = new Map(
    entries.map(([type, place]) => [
      type.toLowerCase(),
      (typeof place === 'string' ? place : place.$ref).split('#')[0] ?? '',
    ]),
  );
  return {
    async find(type) {
      const name = type.toLowerCase();
      const file = files.get(name);
      if (file === undefined) return undefined;
      const types = readTypesJson(await readFile(join(folder, file), 'utf8'));
      for (const one of types)
        if (one.type === TypeBaseKind.ResourceType && one.name.toLowerCase() === name)
          return { types, body: one.body };
      return undefined;
    },
  };
}

/** Properties that Bicep itself understands; they never reach Azure. */
const bicepProperties = new Set(['parent', 'scope', 'dependsOn']);

/** Compares every resource of a template with Azure's description of its type. */
export async function checkTypes(
  template: Template,
  azure: AzureTypes,
  resolver: Resolver,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const resource of template.resources) {
    const report = (line: number, message: string) =>
      findings.push({ file: template.file, line, rule: 'type', message: `${resource.symbol}: ${message}` });
    const found = await azure.find(resource.type);
    if (!found) report(resource.line, `no such type and version: ${resource.type}`);
    else if (!resource.existing) {
      const properties = resource.body.properties.filter(({ name }) => !bicepProperties.has(name));
      const possible = (value: Value) => resolver.possible(value, template);
      new Comparison(found.types, report, possible).check({ ...resource.body, properties }, found.body, '');
    }
    for (const { symbol, path, line } of template.propertiesRead)
      if (found && symbol === resource.symbol && !hasPath(found.types, found.body, path))
        report(line, `there is no property ${path.join('.')} to read`);
  }
  return findings;
}

/** Whether a description has what is read by a chain of names; of what it leaves open, anything. */
function hasPath(types: readonly BicepType[], reference: TypeReference, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  const type = types[reference.index];
  const among = (properties: Readonly<Record<string, ObjectTypeProperty>>, others?: TypeReference) => {
    const next = (Object.hasOwn(properties, name) ? properties[name]?.type : undefined) ?? others;
    return next !== undefined && hasPath(types, next, rest);
  };
  switch (type?.type) {
    case TypeBaseKind.ObjectType:
      return among(type.properties, type.additionalProperties);
    case TypeBaseKind.DiscriminatedObjectType:
      return (
        among(type.baseProperties) ||
        Object.values(type.elements).some((element) => hasPath(types, element, path))
      );
    case TypeBaseKind.AnyType:
      return true;
    default:
      return false;
  }
}

class Comparison {
  readonly #types: readonly BicepType[];
  readonly #report: (line: number, message: string) => void;

  /** What a value can turn out to be. */
  readonly #possible: (value: Value) => readonly Value[];

  constructor(
    types: readonly BicepType[],
    report: (line: number, message: string) => void,
    possible: (value: Value) => readonly Value[],
  ) {
    this.#types = types;
    this.#report = report;
    this.#possible = possible;
  }

  /** `path` is where `value` stands, for messages. What only a deployment knows is taken to be right. */
  check(value: Value, reference: TypeReference, path: string): void {
    if (value.kind === 'either') for (const one of value.values) this.check(one, reference, path);
    // Plain values arrive from elsewhere; what is wrong with them is told where they arrive.
    if (value.kind === 'unknown')
      for (const one of this.#possible(value))
        if (isPlain(one)) this.check({ ...one, line: value.line }, reference, path);
    if (value.kind === 'either' || value.kind === 'unknown' || value.kind === 'call') return;
    // Bicep leaves out a property that is null.
    if (value.kind === 'null') return;
    const type = this.#type(reference);
    const wrong = (expected: string) =>
      this.#report(value.line, `${path} must be ${expected}, but is ${spelled(value)}`);
    switch (type.type) {
      case TypeBaseKind.ObjectType:
        if (value.kind !== 'object') return wrong('an object');
        return this.#object(value, type.properties, path, type.additionalProperties);
      case TypeBaseKind.DiscriminatedObjectType:
        if (value.kind !== 'object') return wrong('an object');
        return this.#discriminated(value, type, path);
      case TypeBaseKind.ArrayType:
        if (value.kind !== 'array') return wrong('an array');
        for (const [at, item] of value.items.entries()) this.check(item, type.itemType, `${path}[${at}]`);
        return;
      case TypeBaseKind.UnionType:
        if (!type.elements.some((element) => this.#accepts(value, element)))
          wrong(`one of ${type.elements.flatMap((element) => this.#literals(element)).join(', ')}`);
        return;
      case TypeBaseKind.StringLiteralType:
        if (value.kind !== 'string' || (value.text !== undefined && value.text !== type.value))
          wrong(`'${type.value}'`);
        return;
      case TypeBaseKind.StringType: {
        const reason = value.kind === 'string' ? whyNot(value.text, type) : 'a string';
        if (reason !== undefined) wrong(reason);
        return;
      }
      case TypeBaseKind.IntegerType:
        if (value.kind !== 'number') return wrong('a whole number');
        if (value.number < (type.minValue ?? -Infinity) || value.number > (type.maxValue ?? Infinity))
          wrong(`from ${type.minValue} to ${type.maxValue}`);
        return;
      case TypeBaseKind.BooleanType:
        if (value.kind !== 'boolean') wrong('true or false');
        return;
      default:
        return;
    }
  }

  #object(
    value: ObjectValue,
    known: Readonly<Record<string, ObjectTypeProperty>>,
    path: string,
    others?: TypeReference,
  ): void {
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    for (const property of value.properties) {
      const declared = Object.hasOwn(known, property.name) ? known[property.name] : undefined;
      const type = declared?.type ?? others;
      if (declared && declared.flags & ObjectTypePropertyFlags.ReadOnly)
        this.#report(property.line, `${at(property.name)} is read-only`);
      else if (type) this.check(property.value, type, at(property.name));
      else this.#report(property.line, `there is no property ${at(property.name)}`);
    }
    if (value.open) return;
    for (const [name, { flags }] of Object.entries(known))
      if (flags & ObjectTypePropertyFlags.Required && !value.properties.some((p) => p.name === name))
        this.#report(value.line, `${at(name)} is required`);
  }

  #discriminated(
    value: ObjectValue,
    type: Extract<BicepType, { type: typeof TypeBaseKind.DiscriminatedObjectType }>,
    path: string,
  ): void {
    const chosen = value.properties.find(({ name }) => name === type.discriminator)?.value;
    const at = path === '' ? type.discriminator : `${path}.${type.discriminator}`;
    if (chosen?.kind !== 'string' || chosen.text === undefined) {
      if (chosen === undefined) this.#report(value.line, `${at} is required`);
      return;
    }
    const element = Object.hasOwn(type.elements, chosen.text) ? type.elements[chosen.text] : undefined;
    const shape = element && this.#type(element);
    if (shape?.type === TypeBaseKind.ObjectType)
      this.#object(value, { ...type.baseProperties, ...shape.properties }, path, shape.additionalProperties);
    else this.#report(chosen.line, `${at} must be one of ${Object.keys(type.elements).join(', ')}`);
  }

  /** Azure opens most of its enumerations to any string; a value it does not list is a typing error to us. */
  #accepts(value: Value, reference: TypeReference): boolean {
    if (value.kind === 'string' && this.#type(reference).type === TypeBaseKind.StringType)
      return value.text === undefined;
    let accepted = true;
    new Comparison(this.#types, () => (accepted = false), this.#possible).check(value, reference, '');
    return accepted;
  }

  #literals(reference: TypeReference): string[] {
    const type = this.#type(reference);
    return type.type === TypeBaseKind.StringLiteralType ? [`'${type.value}'`] : [];
  }

  #type(reference: TypeReference): BicepType {
    const type = this.#types[reference.index];
    if (!type) throw new Error(`The type file has no type at ${reference.index}.`);
    return type;
  }
}

function isPlain(value: Value): boolean {
  return value.kind === 'string' || value.kind === 'number' || value.kind === 'boolean';
}

function whyNot(text: string | undefined, type: StringType): string | undefined {
  if (text === undefined) return undefined;
  if (text.length < (type.minLength ?? 0)) return `at least ${type.minLength} characters`;
  if (text.length > (type.maxLength ?? Infinity)) return `at most ${type.maxLength} characters`;
  return type.pattern && !new RegExp(type.pattern).test(text) ? `of the form ${type.pattern}` : undefined;
}

function spelled(value: Value): string {
  switch (value.kind) {
    case 'string':
      return value.text === undefined ? 'a string' : `'${value.text}'`;
    case 'number':
      return String(value.number);
    case 'boolean':
      return String(value.boolean);
    default:
      return value.kind;
  }
}
