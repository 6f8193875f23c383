import type { Version } from '../api/registry.ts';
import type { Cell } from '../charts/dimensions.ts';
import { type CompareRow, rowsIn } from '../compare/differences.ts';
import { byteSize, duration, moment, shapeText } from '../parts/format.ts';
import { columnsOf } from '../run/datasets.ts';

/** All that is said of versions, section by section, and in each what differs first. */
export function rowsOfVersions(versions: readonly Version[]): CompareRow[] {
  return [
    ...rowsIn('Version', versions.map(about), { sorted: false }),
    ...rowsIn(
      'Metrics',
      versions.map(
        ({ run }) => new Map(Object.entries(run?.metrics ?? {}).map(([key, value]) => [key, Number(value)])),
      ),
    ),
    ...rowsIn(
      'Params',
      versions.map(({ run }) => new Map(Object.entries(run?.params ?? {}))),
    ),
    ...(['inputs', 'outputs', 'params'] as const).flatMap((part) =>
      rowsIn(
        schemaTitles[part],
        versions.map((version) => schemaOf(version, part)),
        { sorted: false },
      ),
    ),
    ...rowsIn('Tensors', versions.map(tensorsOf), { sorted: false }),
    ...rowsIn('Serving', versions.map(serving), { sorted: false }),
    ...rowsIn(
      'Tags',
      versions.map(({ tags }) => new Map(Object.entries(tags).filter(([key]) => !key.startsWith('mlflow.')))),
    ),
  ];
}

const schemaTitles = { inputs: 'Schema in', outputs: 'Schema out', params: 'Schema of params' } as const;

function about(version: Version): ReadonlyMap<string, Cell> {
  const { artifact, run, inspection } = version;
  return said({
    State: inspection.state === 'refused' ? `not servable: ${inspection.reason}` : inspection.state,
    Stage: version.stage,
    Aliases: version.aliases.join(', ') || undefined,
    Registered: moment(version.created_at),
    Run: run?.name,
    Commit: run?.git?.commit,
    Flavours: artifact?.flavours.join(', '),
    MLflow: artifact?.mlflow_version,
    Signed: version.signed ? 'yes' : 'no',
    Files: artifact?.manifest.files,
    'Size of its files': artifact ? byteSize(artifact.manifest.bytes) : undefined,
  });
}

function schemaOf({ artifact }: Version, part: 'inputs' | 'outputs' | 'params'): ReadonlyMap<string, Cell> {
  return new Map(
    columnsOf(artifact?.schema?.[part]).map(({ name, type, at }) => [name || `column ${at + 1}`, type]),
  );
}

function tensorsOf({ inspection }: Version): ReadonlyMap<string, Cell> {
  if (inspection.state !== 'ready') return new Map();
  const { inputs, outputs } = inspection.ready.signature;
  const of = (way: string, tensors: typeof inputs) =>
    tensors.map(({ name, element_type: type, shape }): [string, Cell] => [
      `${way} ${name}`,
      `${type} ${shapeText(shape)}`,
    ]);
  return new Map([...of('in', inputs), ...of('out', outputs)]);
}

function serving({ inspection, artifact }: Version): ReadonlyMap<string, Cell> {
  const ready = inspection.state === 'ready' ? inspection.ready : undefined;
  return said({
    Size: ready && byteSize(ready.bytes),
    'One row, median': ready && milliseconds(ready.timings.run_milliseconds_p50),
    'One row, slowest': ready && milliseconds(ready.timings.run_milliseconds_max),
    'Loads in': ready && duration(ready.timings.load_milliseconds),
    'Memory it takes': ready && byteSize(ready.timings.memory_bytes),
    Changes: ready && (ready.served.changes.join(', ') || undefined),
    Labels: ready?.labels?.join(', '),
    Opsets:
      artifact?.onnx &&
      Object.entries(artifact.onnx.opsets)
        .map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
        .join(', '),
    Parameters: artifact?.onnx?.parameters,
    Digest: ready?.digest,
  });
}

function milliseconds(of: number): string {
  return of < 10 ? `${of.toPrecision(2)} ms` : duration(of);
}

function said(of: Readonly<Record<string, Cell | null>>): ReadonlyMap<string, Cell> {
  return new Map(
    Object.entries(of).flatMap(([key, cell]): [string, Cell][] =>
      cell === undefined || cell === null ? [] : [[key, cell]],
    ),
  );
}
