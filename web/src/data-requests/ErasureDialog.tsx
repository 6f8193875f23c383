import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { type Erasure, requestErasure } from './erasures.ts';
import { SubjectFields, subjectIn } from './SubjectFields.tsx';

type ErasureDialogProps = { readonly onClose: () => void; readonly onAsked: (erasure: Erasure) => void };

/** Whose data is erased where and why; first only looked for, unless the reader says otherwise. */
export function ErasureDialog({ onClose, onAsked }: ErasureDialogProps) {
  const [dryRun, setDryRun] = useState(true);
  return (
    <Dialog
      title="Erase somebody’s data"
      action={dryRun ? 'Look for it' : 'Erase for good'}
      danger={!dryRun}
      onClose={onClose}
      onSubmit={async (form) => {
        const { subject, endpoint } = subjectIn(form);
        if (!subject) throw new Error('Name the column and the value.');
        const reason = String(form.get('reason')).trim();
        const where = endpoint === undefined ? {} : { endpoint };
        onAsked(await requestErasure({ subject, ...where, reason, dry_run: dryRun }));
      }}
    >
      <SubjectFields required />
      <Field label="Reason" hint="Such as the number of the request. Kept in the audit log: name nobody.">
        <input name="reason" required maxLength={2000} autoComplete="off" />
      </Field>
      <label className="check">
        <input type="checkbox" checked={dryRun} onChange={({ target }) => setDryRun(target.checked)} />
        Only look how much there is, and change nothing
      </label>
      {!dryRun && (
        <p className="erasure-warning">
          Rows, labels and what was made of them are taken out of the log for good. Nothing brings them back.
        </p>
      )}
    </Dialog>
  );
}
