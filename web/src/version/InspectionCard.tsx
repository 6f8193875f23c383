import { useMutation } from '@tanstack/react-query';
import type { Artifact, Inspection, Ready, Version } from '../api/registry.ts';
import { changeVersion } from '../model/actions.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { byteSize, counted, duration, figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Ago } from '../parts/Time.tsx';
import { VersionState } from '../parts/VersionState.tsx';
import { May } from '../session/may.tsx';

/** Whether a version can be served: how it behaved when it was run once, or why not and what can be done. */
export function InspectionCard({ version }: { readonly version: Version }) {
  const { name, version: number, inspection, artifact } = version;
  const again = useMutation({ mutationFn: () => changeVersion.inspect(name, number) });
  return (
    <Card
      title={
        <span className="row">
          Inspection <VersionState inspection={inspection} />
        </span>
      }
      actions={
        inspection.state !== 'pending' && (
          <span className="row">
            <span className="hint">
              <Ago at={inspection.at} />
            </span>
            <May needs="contributor">
              <button
                type="button"
                className="quiet"
                disabled={again.isPending}
                onClick={() => again.mutate()}
              >
                <Icon name="refresh" size={14} /> Read it again
              </button>
            </May>
          </span>
        )
      }
    >
      <div className="stack">
        {again.error && <Failure error={again.error} />}
        <Outcome version={version} inspection={inspection} />
        {artifact && <ArtifactFacts artifact={artifact} />}
      </div>
    </Card>
  );
}

function Outcome({ version, inspection }: { readonly version: Version; readonly inspection: Inspection }) {
  switch (inspection.state) {
    case 'pending':
      return (
        <p className="hint" role="status">
          Its files are being read: their digests, what goes in and comes out, and how it runs. This page
          shows it when it is known.
        </p>
      );
    case 'ready':
      return <Served ready={inspection.ready} />;
    case 'refused':
      return <Refused version={version} inspection={inspection} />;
  }
}

type RefusedProps = {
  readonly version: Version;
  readonly inspection: Extract<Inspection, { state: 'refused' }>;
};

function Refused({ version, inspection: { reason, way_out: wayOut } }: RefusedProps) {
  const convert = useMutation({ mutationFn: () => changeVersion.convert(version.name, version.version) });
  const { conversion } = version;
  const underway = conversion?.status === 'waiting' || conversion?.status === 'running';
  return (
    <>
      <p className="reason">{reason}</p>
      {wayOut && <p className="hint">{wayOut.says}</p>}
      {wayOut?.by === 'convert' && (
        <May needs="contributor">
          <div>
            <button
              type="button"
              className="primary"
              disabled={convert.isPending || underway}
              onClick={() => convert.mutate()}
            >
              {conversion?.status === 'failed' ? 'Convert again' : 'Convert to ONNX'}
            </button>
          </div>
        </May>
      )}
      {convert.error && <Failure error={convert.error} />}
    </>
  );
}

/** What was done to the copy that is served, in words. */
const changeWords: Readonly<Record<string, string>> = {
  'zipmap-stripped': 'probabilities come as a tensor instead of maps (ZipMap taken out)',
  'float16-inputs-cast': 'inputs of float16 are taken as float32',
  'inputs-renamed': 'inputs have the names that the columns of the signature have',
  converted: 'converted to ONNX from the flavour that was logged',
};

function Served({ ready }: { readonly ready: Ready }) {
  const { served, timings } = ready;
  return (
    <>
      <Facts
        of={{
          'Loads in': duration(timings.load_milliseconds),
          'One row, median': shortDuration(timings.run_milliseconds_p50),
          'One row, slowest': shortDuration(timings.run_milliseconds_max),
          'Memory it takes': byteSize(timings.memory_bytes),
          Size: byteSize(ready.bytes),
          'Size served': served.digest !== ready.digest && byteSize(served.bytes),
          Digest: <Copyable text={ready.digest} />,
          'Digest of the served copy': served.digest !== ready.digest && <Copyable text={served.digest} />,
        }}
      />
      {served.changes.length > 0 && (
        <div>
          <h3>Changed in the copy that is served</h3>
          <ul className="lines">
            {served.changes.map((change) => (
              <li key={change}>{changeWords[change] ?? change}</li>
            ))}
          </ul>
        </div>
      )}
      {served.external.length > 0 && (
        <details>
          <summary>{counted(served.external.length, 'file')} of external tensor data</summary>
          <ul className="lines">
            {served.external.map(({ path, bytes }) => (
              <li key={path}>
                <code>{path}</code> {byteSize(bytes)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function ArtifactFacts({ artifact: { onnx, manifest } }: { readonly artifact: Artifact }) {
  const operators = Object.entries(onnx?.operators ?? {}).toSorted(([, a], [, b]) => b - a);
  return (
    <>
      <Facts
        of={{
          Files: `${counted(manifest.files, 'file')}, ${byteSize(manifest.bytes)}`,
          'ONNX file': onnx && <code>{onnx.path}</code>,
          'IR version': onnx?.ir_version,
          Opsets:
            onnx &&
            Object.entries(onnx.opsets)
              .map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
              .join(', '),
          Producer: onnx?.producer,
          Parameters: typeof onnx?.parameters === 'number' && figure(onnx.parameters),
          'Digest of all files': <Copyable text={manifest.digest} />,
        }}
      />
      {operators.length > 0 && (
        <details>
          <summary>{counted(operators.length, 'operator')}</summary>
          <p className="tags operators">
            {operators.map(([operator, count]) => (
              <span key={operator} className="tag">
                {operator} {count > 1 && `× ${figure(count)}`}
              </span>
            ))}
          </p>
        </details>
      )}
    </>
  );
}

/** Runs of small models take less than a millisecond. */
function shortDuration(milliseconds: number): string {
  return milliseconds < 10 ? `${figure(milliseconds, 2)} ms` : duration(milliseconds);
}
