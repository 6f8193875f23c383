import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';

/** What a Bicep expression says, as far as it can be known without a deployment. */
export type Value = { readonly line: number /** As it is written. */; readonly source: string } & (
  | { readonly kind: 'string' /** Absent where a part is interpolated. */; readonly text?: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'null' }
  | ObjectValue
  | { readonly kind: 'array'; readonly items: readonly Value[] }
  | { readonly kind: 'either'; readonly values: readonly Value[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Value[] }
  /** `notEmpty` where a condition has seen to that. */
  | { readonly kind: 'unknown'; readonly notEmpty?: boolean }
);
export type ObjectValue = {
  readonly kind: 'object';
  readonly line: number;
  readonly source: string;
  readonly properties: readonly Property[];
  /** Has keys that only a deployment knows. */
  readonly open: boolean;
};
type Property = { readonly name: string; readonly line: number; readonly value: Value };

export type Resource = {
  readonly symbol: string;
  /** `Microsoft.Web/sites@2024-04-01` */
  readonly type: string;
  readonly existing: boolean;
  readonly body: ObjectValue;
  readonly line: number;
  /** What the loop goes over by which it is made, if there is one. */
  readonly over: string | undefined;
};
type Module = {
  readonly symbol: string;
  readonly path: string;
  readonly isConditional: boolean;
  readonly body: ObjectValue;
  readonly line: number;
};
type Mention = { readonly name: string; readonly line: number };

export type Parameter = Mention & {
  readonly required: boolean;
  /** `string`, `int`, `bool`, `object` or `array`. */
  readonly type: string;
  readonly default: Value | undefined;
  /** By name, as `@allowed` and `@minValue`: what each is given. */
  readonly decorators: ReadonlyMap<string, Value | undefined>;
};

/** Guarded where a condition chooses it. */
type OutputRead = Mention & { readonly module: string; readonly isGuarded: boolean };
type PropertyRead = { readonly symbol: string; readonly path: readonly string[]; readonly line: number };

/** `type` as of a parameter. */
type Output = Mention & { readonly type: string; readonly value: Value };

/** One Bicep file, read. */
export type Template = {
  readonly file: string;
  /** `subscription` or `resourceGroup` */
  readonly targetScope: string;
  readonly parameters: readonly Parameter[];
  readonly variables: readonly (Mention & { readonly value: Value })[];
  readonly resources: readonly Resource[];
  readonly modules: readonly Module[];
  readonly outputs: readonly Output[];
  /** Names used in expressions, and the variables that loops bring. */
  readonly names: readonly Mention[];
  readonly loopVariables: readonly string[];
  readonly calls: readonly Mention[];
  /** Paths that `loadTextContent` reads. */
  readonly loads: readonly Mention[];
  /** `settings.outputs.values` */
  readonly outputsRead: readonly OutputRead[];
  /** `site.properties.defaultHostName`, as far as it is plain. */
  readonly propertiesRead: readonly PropertyRead[];
  /** What is declared a second time: names, and properties of one object. */
  readonly doubles: readonly Mention[];
  readonly strings: readonly Mention[];
  readonly syntaxErrors: readonly Mention[];
};

const require = createRequire(import.meta.url);
let parser: Promise<Parser> | undefined;

/** Reads one template. What cannot be parsed is in `syntaxErrors`; the rest is as good as it goes. */
export async function readTemplate(file: string, text: string): Promise<Template> {
  parser ??= openParser();
  const tree = (await parser).parse(text);
  if (!tree) throw new Error(`The parser gave up on ${file}.`);
  const root = tree.rootNode;
  const nodes = root.descendantsOfType([...interesting]);
  const ofType = (...types: string[]) => nodes.filter((node) => types.includes(node.type));
  const template: Template = {
    file,
    targetScope: /^targetScope = '(\w+)'/m.exec(text)?.[1] ?? 'resourceGroup',
    parameters: ofType('parameter_declaration').map(parameter),
    variables: ofType('variable_declaration').map(declared),
    outputs: ofType('output_declaration').map((node) => ({ ...declared(node), type: typeOf(node) })),
    resources: ofType('resource_declaration').map((node) => ({
      ...block(node),
      type: stringText(node.namedChildren[1]) ?? '',
      existing: node.children.some((child) => child.type === 'existing'),
      over: loopOf(node),
    })),
    modules: ofType('module_declaration').map((node) => ({
      ...block(node),
      path: stringText(node.namedChildren[1]) ?? '',
      isConditional: node.namedChildren.some(({ type }) => type === 'if_statement'),
    })),
    names: ofType('identifier').filter(isName).map(mention),
    loopVariables: [
      ...ofType('loop_variable', 'loop_enumerator').map((node) => node.text),
      ...ofType('for_statement').flatMap((node) => node.childForFieldName('initializer')?.text ?? []),
    ],
    calls: ofType('call_expression')
      .filter((node) => !inside(node, 'decorator'))
      .map((node) => ({ name: calleeOf(node), line: lineOf(node) })),
    loads: ofType('call_expression').flatMap((node) => {
      const path = node.namedChildren.find(({ type }) => type === 'arguments')?.namedChildren[0];
      const name = path && calleeOf(node) === 'loadTextContent' ? stringText(path) : undefined;
      return name === undefined ? [] : { name, line: lineOf(node) };
    }),
    outputsRead: ofType('member_expression').flatMap(outputRead),
    propertiesRead: ofType('member_expression').flatMap(propertyRead),
    doubles: [
      ...doublesIn(ofType(...declarations).flatMap((node) => node.namedChildren[0] ?? [])),
      ...doublesIn(ofType('output_declaration').flatMap((node) => node.namedChildren[0] ?? [])),
      ...ofType('object').flatMap((node) =>
        doublesIn(node.namedChildren.flatMap((one) => one.namedChildren[0] ?? [])),
      ),
    ],
    strings: ofType('string_content').map(mention),
    syntaxErrors: errorsIn(root).map((node) => ({
      name: text.split('\n')[node.startPosition.row]?.trim() ?? '',
      line: lineOf(node),
    })),
  };
  tree.delete();
  return template;
}

/** What gives a name that others are written by. */
const declarations = [
  'parameter_declaration',
  'variable_declaration',
  'resource_declaration',
  'module_declaration',
] as const;

const interesting = [
  ...declarations,
  'output_declaration',
  'object',
  'identifier',
  'loop_variable',
  'loop_enumerator',
  'for_statement',
  'call_expression',
  'member_expression',
  'string_content',
] as const;

async function openParser(): Promise<Parser> {
  await Parser.init();
  const grammar = require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm');
  const opened = new Parser();
  opened.setLanguage(await Language.load(grammar));
  return opened;
}

function parameter(node: Node): Parameter {
  const required = !node.children.some((child) => child.type === '=');
  const last = node.namedChildren.at(-1);
  const before = node.previousNamedSibling;
  const decorators = before?.type === 'decorators' ? before.descendantsOfType('decorator') : [];
  return {
    ...mention(node.namedChildren[0] ?? node),
    required,
    type: typeOf(node),
    default: required || !last ? undefined : valueOf(last),
    decorators: new Map(
      decorators.map((decorator) => {
        const call = decorator.namedChildren[0];
        const argument = call?.namedChildren.find(({ type }) => type === 'arguments')?.namedChildren[0];
        return [call?.namedChildren[0]?.text ?? '', argument && valueOf(argument)];
      }),
    ),
  };
}

function typeOf(node: Node): string {
  return node.namedChildren.find(({ type }) => type === 'type')?.text ?? '';
}

/** What the loop of a declaration goes over. */
function loopOf(node: Node): string | undefined {
  const loop = node.namedChildren.at(-1);
  return loop?.type === 'for_statement' ? loop.namedChildren.at(-2)?.text : undefined;
}

function declared(node: Node): Mention & { value: Value } {
  const last = node.namedChildren.at(-1);
  return { ...mention(node.namedChildren[0] ?? node), value: last ? valueOf(last) : unknown(node) };
}

function block(node: Node): { symbol: string; body: ObjectValue; line: number } {
  let body = node.namedChildren.at(-1);
  while (body && (body.type === 'for_statement' || body.type === 'if_statement'))
    body = body.namedChildren.at(-1);
  const value = body ? valueOf(body) : undefined;
  return {
    symbol: node.namedChildren[0]?.text ?? '',
    line: lineOf(node),
    body:
      value?.kind === 'object'
        ? value
        : { kind: 'object', line: lineOf(node), source: node.text, properties: [], open: true },
  };
}

function valueOf(node: Node): Value {
  const at = { line: lineOf(node), source: node.text };
  const children = node.namedChildren.filter((child) => child.type !== 'comment');
  switch (node.type) {
    case 'string': {
      const text = stringText(node);
      return text === undefined ? { kind: 'string', ...at } : { kind: 'string', ...at, text };
    }
    case 'number':
      return { kind: 'number', ...at, number: Number(node.text) };
    case 'boolean':
      return { kind: 'boolean', ...at, boolean: node.text === 'true' };
    case 'null':
      return { kind: 'null', ...at };
    case 'object':
      return objectOf(node, children);
    case 'array':
      return { kind: 'array', ...at, items: children.map(valueOf) };
    case 'for_statement':
      return { kind: 'array', ...at, items: children.slice(-1).map(valueOf) };
    case 'if_statement':
      return children.slice(-1).map(valueOf)[0] ?? unknown(node);
    case 'parenthesized_expression':
      return children[0] ? valueOf(children[0]) : unknown(node);
    case 'ternary_expression':
      return { kind: 'either', ...at, values: branchesOf(children) };
    case 'call_expression':
      return {
        kind: 'call',
        ...at,
        name: calleeOf(node),
        args: (children.find((child) => child.type === 'arguments')?.namedChildren ?? []).map(valueOf),
      };
    default:
      return unknown(node);
  }
}

/** What a condition chooses between. Where it asks whether a name is empty, that name is not in the branch for the other case. */
function branchesOf([condition, ...branches]: readonly Node[]): Value[] {
  const [, negated, name] = /^(!?)empty\((\w+)\)$/.exec(condition?.text ?? '') ?? [];
  const filled = branches[negated ? 0 : 1];
  return branches.map((branch) => {
    const value = valueOf(branch);
    const isFilled = branch === filled && value.kind === 'unknown' && value.source === name;
    return isFilled ? { ...value, notEmpty: true } : value;
  });
}

function objectOf(node: Node, children: readonly Node[]): ObjectValue {
  const properties: Property[] = [];
  let open = false;
  for (const child of children) {
    const [key, value] = [child.namedChildren[0], child.namedChildren.at(-1)];
    const name = key?.type === 'string' ? stringText(key) : key?.text;
    if (child.type === 'object_property' && name !== undefined && value)
      properties.push({ name, line: lineOf(child), value: valueOf(value) });
    else open = true;
  }
  return { kind: 'object', line: lineOf(node), source: node.text, properties, open };
}

/** The text of a string, or `undefined` where a part of it is interpolated. */
function stringText(node: Node | undefined): string | undefined {
  if (node?.type !== 'string') return undefined;
  if (node.namedChildren.some((child) => child.type === 'interpolation')) return undefined;
  if (node.text.startsWith("'''")) return node.text.slice(3, -3).replace(/^\r?\n/, '');
  return node.text
    .slice(1, -1)
    .replaceAll(/\\(u\{([0-9A-Fa-f]+)\}|.)/g, (_, escape: string, code: string | undefined) =>
      code === undefined ? (escapes[escape] ?? escape) : String.fromCodePoint(Number.parseInt(code, 16)),
    );
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Whether the identifier is a name looked up in an expression, not one being declared or called. */
function isName(node: Node): boolean {
  const parent = node.parent;
  if (!parent || inside(node, 'decorator')) return false;
  const first = parent.namedChildren[0]?.id === node.id;
  switch (parent.type) {
    case 'object_property':
    case 'call_expression':
    case 'parameter_declaration':
    case 'variable_declaration':
    case 'output_declaration':
    case 'resource_declaration':
    case 'module_declaration':
      return !first;
    case 'for_statement':
      return parent.childForFieldName('initializer')?.id !== node.id;
    case 'type':
      return false;
    default:
      return true;
  }
}

function outputRead(node: Node): OutputRead[] {
  const [object, property] = node.namedChildren;
  const [module, outputs] = object?.type === 'member_expression' ? object.namedChildren : [];
  if (module?.type !== 'identifier' || outputs?.text !== 'outputs' || !property) return [];
  return [
    {
      module: module.text,
      name: property.text,
      line: lineOf(node),
      isGuarded: inside(node, 'ternary_expression'),
    },
  ];
}

/** What a whole chain of names reads, but for the function that it ends with, if it does. */
function propertyRead(node: Node): PropertyRead[] {
  const { parent } = node;
  if (parent?.type === 'member_expression' && parent.namedChildren[0]?.id === node.id) return [];
  const path: string[] = [];
  let at: Node | undefined = node;
  for (; at?.type === 'member_expression'; at = at.namedChildren[0])
    path.unshift(at.namedChildren.at(-1)?.text ?? '');
  if (at?.type !== 'identifier') return [];
  const isCalled = parent?.type === 'call_expression' && parent.namedChildren[0]?.id === node.id;
  return [{ symbol: at.text, path: isCalled ? path.slice(0, -1) : path, line: lineOf(node) }];
}

function doublesIn(names: readonly Node[]): Mention[] {
  const seen = new Set<string>();
  return names.filter(({ text }) => seen.size === seen.add(text).size).map(mention);
}

function errorsIn(node: Node): Node[] {
  if (node.isError || node.isMissing) return [node];
  return node.hasError ? node.children.flatMap((child) => errorsIn(child)) : [];
}

function calleeOf(call: Node): string {
  const callee = call.namedChildren[0];
  return (callee?.type === 'member_expression' ? callee.namedChildren.at(-1)?.text : callee?.text) ?? '';
}

function inside(node: Node, type: string): boolean {
  for (let at: Node | null = node; at; at = at.parent) if (at.type === type) return true;
  return false;
}

function mention(node: Node): Mention {
  return { name: node.text, line: lineOf(node) };
}

function unknown(node: Node): Value {
  return { kind: 'unknown', line: lineOf(node), source: node.text };
}

function lineOf(node: Node): number {
  return node.startPosition.row + 1;
}
