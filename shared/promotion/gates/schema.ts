import type { ArtifactFacts, ModelVersion, TensorSpec, VersionReady } from '../../registry/index.ts';
import type { Verdict } from '../model.ts';

type Side = Pick<ModelVersion, 'version' | 'inspection' | 'artifact'>;

/**
 * Whether whoever calls the champion can call the challenger the same way and reads the same answers: its
 * inputs take all that the champion's take, its outputs are the same, and so is what MLflow's signature
 * promises. Every difference is named.
 */
export function schema(challenger: Side, champion: Side | undefined): Verdict {
  if (!champion)
    return { status: 'passed', says: 'There is no champion yet that it could differ from.', inputs: {} };
  const inputs = { champion: champion.version, challenger: challenger.version };
  const pending = [challenger, champion].find(({ inspection }) => inspection.state === 'pending');
  if (pending) return { status: 'waiting', says: `Version ${pending.version} is still being read.`, inputs };
  const served = [readyOf(challenger), readyOf(champion)] as const;
  const logged = [challenger.artifact?.schema, champion.artifact?.schema] as const;
  const compared = [
    ...(served[0] && served[1] ? ['tensors'] : []),
    ...(logged[0] && logged[1] ? ['signature'] : []),
  ];
  if (compared.length === 0)
    return {
      status: 'error',
      says: 'The versions cannot be compared: they are neither both readable as ONNX nor both logged with a signature.',
      inputs,
    };
  const differences = [
    ...(served[0] && served[1] ? servedDifferences(served[0], served[1]) : []),
    ...(logged[0] && logged[1] ? loggedDifferences(logged[0], logged[1]) : []),
  ];
  return {
    status: differences.length === 0 ? 'passed' : 'failed',
    says:
      differences.length === 0
        ? `It takes what version ${champion.version} takes and answers the same.`
        : `It differs from version ${champion.version}: ${differences.join('; ')}.`,
    inputs: { ...inputs, compared, differences },
  };
}

function readyOf({ inspection }: Side): VersionReady | undefined {
  return inspection.state === 'ready' ? inspection.ready : undefined;
}

function servedDifferences(challenger: VersionReady, champion: VersionReady): string[] {
  return [
    ...tensorDifferences('input', challenger.signature.inputs, champion.signature.inputs),
    ...tensorDifferences('output', challenger.signature.outputs, champion.signature.outputs),
    ...listDifferences('columns', challenger.features, champion.features),
    ...listDifferences('class labels', challenger.labels, champion.labels),
  ];
}

function tensorDifferences(
  side: 'input' | 'output',
  ours: readonly TensorSpec[],
  theirs: readonly TensorSpec[],
): string[] {
  const missing = theirs.filter(({ name }) => !ours.some((one) => one.name === name));
  return [
    ...missing.map(({ name }) => `${side} '${name}' is gone`),
    ...ours.flatMap((one) => {
      const other = theirs.find(({ name }) => name === one.name);
      if (!other) return [`${side} '${one.name}' is new`];
      if (other.elementType !== one.elementType)
        return [`${side} '${one.name}' is ${one.elementType} and was ${other.elementType}`];
      return fits(side, one, other)
        ? []
        : [`${side} '${one.name}' has shape ${shapeText(one)} and had ${shapeText(other)}`];
    }),
  ];
}

/** An input may leave more sizes free than before; an output may not, since its readers count on them. */
function fits(side: 'input' | 'output', ours: TensorSpec, theirs: TensorSpec): boolean {
  if (ours.shape.length !== theirs.shape.length) return false;
  return ours.shape.every((size, at) => {
    const before = theirs.shape[at];
    if (typeof size === 'number') return size === before;
    return side === 'input' || typeof before !== 'number';
  });
}

function shapeText({ shape }: TensorSpec): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

/** Columns and classes are told by name and by position, so both must stay. */
function listDifferences(
  what: string,
  ours: readonly string[] | null,
  theirs: readonly string[] | null,
): string[] {
  if (theirs === null) return [];
  if (ours === null) return [`its ${what} have no names, and had ${theirs.join(', ')}`];
  const gone = theirs.filter((name) => !ours.includes(name));
  const added = ours.filter((name) => !theirs.includes(name));
  if (gone.length + added.length > 0)
    return [
      ...(gone.length > 0 ? [`its ${what} lack ${gone.join(', ')}`] : []),
      ...(added.length > 0 ? [`its ${what} have ${added.join(', ')} in addition`] : []),
    ];
  return ours.every((name, at) => name === theirs[at]) ? [] : [`its ${what} come in another order`];
}

type Logged = NonNullable<ArtifactFacts['schema']>;
/** A column, tensor or parameter of a signature, as far as MLflow's clients look at it. */
type Field = { readonly name: string; readonly type: string; readonly required: boolean };

/** What a client may pass where the signature asks for another type: MLflow widens these without loss. */
const widened: Readonly<Record<string, readonly string[]>> = {
  long: ['integer'],
  double: ['integer', 'float'],
};

function loggedDifferences(challenger: Logged, champion: Logged): string[] {
  const [ours, theirs] = [fieldsOf(challenger.inputs), fieldsOf(champion.inputs)];
  const taken = ours.flatMap((one): string[] => {
    const other = theirs.find(({ name }) => name === one.name);
    if (!other) return one.required ? [`the signature asks for input '${one.name}' in addition`] : [];
    const isWider = widened[one.type]?.includes(other.type) ?? false;
    return [
      ...(one.type === other.type || isWider
        ? []
        : [`the signature has input '${one.name}' as ${one.type}, before as ${other.type}`]),
      ...(one.required && !other.required ? [`the signature now requires input '${one.name}'`] : []),
    ];
  });
  return [
    ...taken,
    ...sameFields('output', fieldsOf(challenger.outputs), fieldsOf(champion.outputs)),
    ...fieldsOf(champion.params).flatMap(({ name, type }) => {
      const one = fieldsOf(challenger.params).find((param) => param.name === name);
      return one?.type === type ? [] : [`the signature has no parameter '${name}' of type ${type} any more`];
    }),
  ];
}

function sameFields(side: string, ours: readonly Field[], theirs: readonly Field[]): string[] {
  return [
    ...theirs
      .filter(({ name }) => !ours.some((one) => one.name === name))
      .map(({ name }) => `the signature has no ${side} '${name}' any more`),
    ...ours.flatMap(({ name, type }) => {
      const other = theirs.find((one) => one.name === name);
      if (!other) return [`the signature has ${side} '${name}' in addition`];
      return other.type === type
        ? []
        : [`the signature has ${side} '${name}' as ${type}, before as ${other.type}`];
    }),
  ];
}

/** Fields without a name are known by their position. */
function fieldsOf(specs: readonly unknown[] | undefined): Field[] {
  return (specs ?? []).map((spec, at) => {
    const { name, type, required, ...rest } = spec as Readonly<Record<string, unknown>>;
    const detail = Object.entries(rest).filter(([key]) => key !== 'default' && key !== 'optional');
    return {
      name: typeof name === 'string' ? name : `#${at}`,
      type:
        detail.length === 0 ? String(type) : `${String(type)} ${JSON.stringify(Object.fromEntries(detail))}`,
      required: required !== false && rest['optional'] !== true,
    };
  });
}
