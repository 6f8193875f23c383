import { useMutation } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { type Version, versionPath } from '../api/registry.ts';
import { changeVersion } from '../model/actions.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { saveFile } from '../parts/saveFile.ts';
import { Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';

/** The signature over the files of a version: who can rely on it, and whether it holds. */
export function SigningCard({ version }: { readonly version: Version }) {
  const { name, version: number, signing, artifact } = version;
  const sign = useMutation({ mutationFn: () => changeVersion.sign(name, number) });
  const verify = useMutation({ mutationFn: () => changeVersion.verify(name, number) });
  const download = useMutation({ mutationFn: () => saveBundle(name, number) });
  const error = sign.error ?? verify.error ?? download.error;
  return (
    <Card
      title={
        <span className="row">
          Signing {verify.data && <Chip state={verify.data.valid ? 'valid' : 'not valid'} />}
        </span>
      }
    >
      <div className="stack">
        {signing ? (
          <Facts
            of={{
              Signed: <Moment at={signing.at} />,
              Key: <Copyable text={signing.key_id} />,
              'Digest that was signed': <Copyable text={signing.manifest_digest} />,
            }}
          />
        ) : (
          <p className="hint">
            {artifact
              ? 'Not signed. A signature over the digests of its files shows later that they are still these.'
              : 'It can be signed when its files have been read.'}
          </p>
        )}
        {verify.data && (
          <p className={verify.data.valid ? 'hint' : 'reason'} role="status">
            {verify.data.valid
              ? `The signature holds for ${counted(verify.data.files, 'file')}.`
              : (verify.data.reason ?? 'The signature does not hold.')}
          </p>
        )}
        <div className="row">
          {signing ? (
            <>
              <May needs="contributor">
                <button type="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
                  {verify.isPending ? 'Verifying …' : 'Verify'}
                </button>
              </May>
              <button type="button" className="quiet" onClick={() => download.mutate()}>
                Download
              </button>
            </>
          ) : (
            <May needs="operator">
              <button type="button" disabled={sign.isPending || !artifact} onClick={() => sign.mutate()}>
                Sign
              </button>
            </May>
          )}
        </div>
        {error && <Failure error={error} />}
      </div>
    </Card>
  );
}

async function saveBundle(name: string, number: number): Promise<void> {
  const bundle = await cairn.get<unknown>(versionPath(name, number, 'signature'));
  const text = JSON.stringify(bundle, null, 2);
  saveFile(`${name}-v${number}.sigstore.json`, new Blob([text], { type: 'application/json' }));
}
