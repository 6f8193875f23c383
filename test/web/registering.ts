import { classifier } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type Logger, loggerFor, type RunDraft } from './logging.ts';

/** What tests of the registry's pages do by the API, as people and their clients would. */
export type Registrar = Logger & {
  /** A call below `/api/v1/`, as somebody; an answer that is no success throws. */
  cairn<T>(method: string, path: string, body?: unknown, as?: string): Promise<T>;
  model(name: string, description?: string): Promise<void>;
  /** The next version of a model, of a run that logs a model of a kind; its number. */
  version(name: string, draft?: VersionDraft): Promise<number>;
  alias(name: string, alias: string, version: number): Promise<void>;
  /** Waits until a version has been read. */
  read(name: string, version: number): Promise<'ready' | 'refused'>;
  /** Waits until a promotion is in one of some states. */
  promotion(name: string, number: number, ...statuses: readonly string[]): Promise<void>;
};

export type VersionDraft = RunDraft & {
  /** `onnx` can be served, `sklearn` cannot. */
  readonly kind?: 'onnx' | 'sklearn';
  readonly description?: string;
  readonly versionTags?: Readonly<Record<string, string>>;
  /** Makes another model of the same form. */
  readonly shift?: number;
  readonly columns?: readonly string[];
};

const secondsMax = 40;

export function registrarFor(url: string): Registrar {
  const log = loggerFor(url);
  let experimentId: Promise<string> | undefined;
  const cairn = async <T>(method: string, path: string, body?: unknown, as?: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(as === undefined ? {} : { authorization: `Basic ${btoa(`${as}:`)}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  };
  const at = (name: string, ...rest: readonly (string | number)[]) =>
    ['models', name, ...rest].map(encodeURIComponent).join('/');
  return {
    ...log,
    cairn,
    model: async (name, description = '') => {
      await log.call('registered-models/create', { name, description });
    },
    async version(name, draft = {}) {
      const { kind = 'onnx', description = '', versionTags = {}, shift = 0, ...run } = draft;
      experimentId ??= log.experiment('Registry');
      const runId = await log.run(await experimentId, { status: 'FINISHED', ...run });
      await log.artifact(runId, 'model/MLmodel', mlmodel(kind, draft.columns));
      if (kind === 'onnx') await log.artifact(runId, 'model/model.onnx', new Uint8Array(classifier(shift)));
      else await log.artifact(runId, 'model/model.pkl', 'a pickle');
      const { model_version: made } = await log.call<{ model_version: { version: string } }>(
        'model-versions/create',
        {
          name,
          source: `runs:/${runId}/model`,
          run_id: runId,
          description,
          tags: Object.entries(versionTags).map(([key, value]) => ({ key, value })),
        },
      );
      return Number(made.version);
    },
    alias: async (name, alias, version) => {
      await log.call('registered-models/alias', { name, alias, version: String(version) });
    },
    read: (name, version) =>
      eventually(async () => {
        const { inspection } = await cairn<{ inspection: { state: string } }>(
          'GET',
          at(name, 'versions', version),
        );
        if (inspection.state === 'ready' || inspection.state === 'refused') return inspection.state;
        throw new Error(`Version ${version} of ${name} is ${inspection.state}.`);
      }, secondsMax),
    promotion: (name, number, ...statuses) =>
      eventually(async () => {
        const { status } = await cairn<{ status: string }>('GET', at(name, 'promotions', number));
        if (!statuses.includes(status)) throw new Error(`Promotion ${number} of ${name} is ${status}.`);
      }, secondsMax),
  };
}

function mlmodel(kind: 'onnx' | 'sklearn', columns: readonly string[] = ['length', 'width', 'höhe']): string {
  const inputs = columns.map((name) => ({ type: 'double', name, required: true }));
  const outputs = [{ type: 'string', required: true }];
  const flavour =
    kind === 'onnx'
      ? '  onnx:\n    data: model.onnx\n    onnx_version: 1.17.0\n    providers:\n    - CPUExecutionProvider'
      : '  sklearn:\n    pickled_model: model.pkl\n    serialization_format: cloudpickle\n    sklearn_version: 1.7.2';
  return [
    'artifact_path: model',
    'flavors:',
    flavour,
    '  python_function:',
    `    loader_module: mlflow.${kind}`,
    '    python_version: 3.11.2',
    'mlflow_version: 3.17.2',
    'signature:',
    `  inputs: '${JSON.stringify(inputs)}'`,
    `  outputs: '${JSON.stringify(outputs)}'`,
    '  params: null',
    "utc_time_created: '2026-01-05 12:00:00.000000'",
    '',
  ].join('\n');
}
