import { useState } from 'react';
import type { Promotion } from '../api/registry.ts';
import { promote } from '../model/actions.ts';
import { targetText } from '../model/words.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { May, useMay } from '../session/may.tsx';

type DecisionsProps = { readonly name: string; readonly promotion: Promotion };
type Asked = 'approve' | 'reject' | 'override' | 'cancel';

/** What can be decided while a promotion is open, and the way on after a gate refused it. Who may, the server says. */
export function Decisions({ name, promotion }: DecisionsProps) {
  const { number, version, target, gates } = promotion;
  const [asked, setAsked] = useState<Asked>();
  const mayDecide = useMay('approver');
  const decision = mayDecide ? {} : { disabled: true, title: 'This needs the role approver on the model.' };
  const close = () => setAsked(undefined);
  const unpassed = gates.filter(({ status }) => status !== 'passed');
  const refused = promotion.status === 'refused';
  const said = (form: FormData, field: string) => String(form.get(field)).trim();
  return (
    <>
      {refused ? (
        <May needs="admin">
          <button type="button" onClick={() => setAsked('override')}>
            Override the gates
          </button>
        </May>
      ) : (
        <>
          <button type="button" {...decision} onClick={() => setAsked('reject')}>
            Reject
          </button>
          <button type="button" className="primary" {...decision} onClick={() => setAsked('approve')}>
            Approve
          </button>
          <MoreActions
            items={[
              { label: 'Cancel the promotion', needs: 'contributor', onChoose: () => setAsked('cancel') },
              {
                label: 'Override the gates',
                danger: true,
                needs: 'admin',
                onChoose: () => setAsked('override'),
              },
            ]}
          />
        </>
      )}
      {asked === 'approve' && (
        <Dialog
          title={`Approve that version ${version} takes ${targetText(target)}`}
          action="Approve"
          onClose={close}
          onSubmit={(form) => promote.approve(name, number, said(form, 'comment'))}
        >
          <p>Who registered the version and who asked for this cannot approve it.</p>
          <Field label="Comment" hint="Kept with the approval.">
            <textarea name="comment" rows={3} maxLength={2000} />
          </Field>
        </Dialog>
      )}
      {asked === 'reject' && (
        <Dialog
          title="Reject this promotion?"
          action="Reject"
          danger
          onClose={close}
          onSubmit={(form) => promote.reject(name, number, said(form, 'reason'))}
        >
          <p>It ends. Version {version} can be asked to be promoted again.</p>
          <Reason />
        </Dialog>
      )}
      {asked === 'override' && (
        <Dialog
          title="Override the gates?"
          action="Override"
          danger
          onClose={close}
          onSubmit={(form) => promote.override(name, number, said(form, 'reason'))}
        >
          <p>
            Version {version} takes {targetText(target)} although{' '}
            {unpassed.length > 0 ? 'these gates did not let it pass:' : 'not every gate has let it pass.'}
          </p>
          {unpassed.length > 0 && (
            <ul className="unpassed">
              {unpassed.map(({ gate, key, says }) => (
                <li key={key ?? gate}>{says}</li>
              ))}
            </ul>
          )}
          <Reason />
        </Dialog>
      )}
      {asked === 'cancel' && (
        <Dialog
          title="Cancel this promotion?"
          action="Cancel the promotion"
          danger
          onClose={close}
          onSubmit={() => promote.cancel(name, number)}
        >
          <p>It ends, and nothing moves.</p>
        </Dialog>
      )}
    </>
  );
}

function Reason() {
  return (
    <Field label="Reason" hint="Kept for good, and told in the evidence of the version.">
      <textarea name="reason" rows={3} required maxLength={2000} />
    </Field>
  );
}
