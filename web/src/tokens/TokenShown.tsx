import { workspace } from '../api/client.ts';
import { Code } from '../parts/Code.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Moment } from '../parts/Time.tsx';
import type { NewToken } from './tokens.ts';

type TokenShownProps = { readonly token: NewToken; readonly onClose: () => void };

/** A new token, once: what to paste where. */
export function TokenShown({ token: { name, token, expires_at: end }, onClose }: TokenShownProps) {
  const { origin } = location;
  const elsewhere = workspace !== 'default';
  return (
    <Dialog
      title={`The token ${name}`}
      action="I have kept it"
      told
      onClose={onClose}
      onSubmit={() => Promise.resolve()}
    >
      <p>
        This is the only time that it is shown: nobody, not even an admin, can see it again. It ends{' '}
        <Moment at={end} />.
      </p>
      <h3>The token</h3>
      <Code text={token} />
      <h3>For MLflow</h3>
      <Code
        text={[
          `export MLFLOW_TRACKING_URI=${origin}`,
          `export MLFLOW_TRACKING_TOKEN=${token}`,
          ...(elsewhere ? [`export MLFLOW_WORKSPACE=${workspace}`] : []),
        ].join('\n')}
      />
      <h3>For curl</h3>
      <Code
        text={[
          `curl ${origin}/api/v1/session \\`,
          ...(elsewhere ? [`  -H 'X-MLFLOW-WORKSPACE: ${workspace}' \\`] : []),
          `  -H 'Authorization: Bearer ${token}'`,
        ].join('\n')}
      />
    </Dialog>
  );
}
