import type { ModelDeployment, Rollout } from '../api/endpoints.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { changeEndpoint } from './actions.ts';

type RolloutDialogProps = {
  readonly endpoint: string;
  readonly deployment: ModelDeployment;
  readonly rollout: Rollout;
  readonly how: 'finish' | 'stop';
  readonly onClose: () => void;
};

/** Ends a rollout by hand, and keeps why. */
export function RolloutDialog({ endpoint, deployment, rollout, how, onClose }: RolloutDialogProps) {
  const { from, to } = rollout;
  const isStop = how === 'stop';
  const { name, alias = 'the alias' } = deployment;
  return (
    <Dialog
      title={isStop ? 'Stop the rollout?' : 'Finish the rollout now?'}
      action={isStop ? 'Stop' : 'Finish now'}
      danger={isStop}
      onClose={onClose}
      onSubmit={(form) => changeEndpoint.endRollout(endpoint, name, how, String(form.get('reason')).trim())}
    >
      <p>
        {isStop
          ? `Version ${from.version} answers every call of ${name} again. ${alias} stays with version ${to.version}: roll it back on the page of the model where it should not.`
          : `Version ${to.version} answers every call of ${name} at once, whatever the guards have found.`}
      </p>
      <Field label="Reason" hint="Kept with the outcome.">
        <textarea name="reason" rows={3} required maxLength={1000} />
      </Field>
    </Dialog>
  );
}
