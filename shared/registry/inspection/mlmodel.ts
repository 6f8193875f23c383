import { runInNewContext } from 'node:vm';
import type { Context } from '../../context.ts';
import type { ArtifactFacts } from '../model.ts';
import { type ArtifactFile, readFile } from './artifact-files.ts';

/** What an `MLmodel` file says, as far as it says it in a form that is understood. */
export type MlModel = Pick<ArtifactFacts, 'flavours' | 'mlflowVersion' | 'schema' | 'inputExample'> & {
  /** The file or folder of flavour `onnx`. */
  readonly onnxData?: string;
  /** The input example as a request to the scoring server. */
  readonly servingExample?: string;
  /** That the file cannot be read, and why. */
  readonly unreadable?: string;
};

const mlModelBytesMax = 512 * 1024;
const parsingMillisecondsMax = 1_000;
const yamlOptions = { maxAliasCount: 100, uniqueKeys: false, logLevel: 'error' };
const schemaCharsMax = 256 * 1024;
const flavoursMax = 50;
const textCharsMax = 500;
const nothing: MlModel = { flavours: [] };

/** Reads `MLmodel` at the top of an artifact; one that is not there, or is no such file, says nothing. */
export async function readMlModel(ctx: Context, files: readonly ArtifactFile[]): Promise<MlModel> {
  const file = files.find(({ path }) => path === 'MLmodel');
  if (!file) return nothing;
  if (file.bytes > mlModelBytesMax)
    return {
      flavours: [],
      unreadable: `it has ${file.bytes} bytes, and at most ${mlModelBytesMax} are read`,
    };
  const chunks: Uint8Array[] = [];
  for await (const chunk of readFile(ctx.stores.blobs('artifacts'), file)) chunks.push(chunk);
  return parseMlModel(Buffer.concat(chunks).toString());
}

/** What the text of an `MLmodel` file says. Nothing it holds makes this throw. */
export async function parseMlModel(text: string): Promise<MlModel> {
  const { parse } = await import('yaml');
  let root: unknown;
  try {
    // Nesting and aliases can take a parser the square of their number, or more; this one can be interrupted.
    root = runInNewContext(
      'parse(text, options)',
      { parse, text, options: yamlOptions },
      {
        timeout: parsingMillisecondsMax,
      },
    );
  } catch {
    // A syntax error, too many aliases, nesting beyond the stack, or no end in time.
    return { flavours: [], unreadable: 'it is not YAML that can be read' };
  }
  if (!isObject(root)) return { flavours: [], unreadable: 'it holds no fields' };
  const flavours = isObject(root['flavors']) ? root['flavors'] : {};
  const onnx = isObject(flavours['onnx']) ? flavours['onnx'] : {};
  const example = isObject(root['saved_input_example_info']) ? root['saved_input_example_info'] : {};
  return {
    flavours: Object.keys(flavours)
      .slice(0, flavoursMax)
      .map((name) => name.slice(0, textCharsMax)),
    ...named('mlflowVersion', shortText(root['mlflow_version'])),
    ...named('schema', schemaOf(root['signature'])),
    ...named('inputExample', shortText(example['artifact_path'])),
    ...named('servingExample', shortText(example['serving_input_path'])),
    ...named('onnxData', shortText(onnx['data'])),
  };
}

/** MLflow writes each side of a signature as JSON inside the YAML. One that is too long to keep is left out. */
function schemaOf(signature: unknown): ArtifactFacts['schema'] | undefined {
  if (!isObject(signature)) return undefined;
  const sides = (['inputs', 'outputs', 'params'] as const).flatMap((side) => {
    const text = signature[side];
    if (typeof text !== 'string' || text.length > schemaCharsMax) return [];
    try {
      const specs: unknown = JSON.parse(text);
      return Array.isArray(specs) ? [[side, specs as unknown[]] as const] : [];
    } catch {
      return [];
    }
  });
  return sides.length === 0 ? undefined : Object.fromEntries(sides);
}

function shortText(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= textCharsMax ? text : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function named<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]?: V });
}
