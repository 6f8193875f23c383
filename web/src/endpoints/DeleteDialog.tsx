import { Dialog, Field } from '../parts/Dialog.tsx';
import { changeEndpoint } from './actions.ts';

type DeleteDialogProps = {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
};

/** Deletes an endpoint after its name was typed: whoever asks it gets no answer from then on. */
export function DeleteDialog({ name, onClose, onDeleted }: DeleteDialogProps) {
  return (
    <Dialog
      title={`Delete ${name}?`}
      action="Delete"
      danger
      onClose={onClose}
      onSubmit={async (form) => {
        if (String(form.get('name')).trim() !== name)
          throw new Error(`Type ${name} to say that it is this one.`);
        await changeEndpoint.remove(name);
        onDeleted();
      }}
    >
      <p>
        Calls to it are answered 404 at once, and its monitor ends. The models stay, and what was logged stays
        as long as its data policy says.
      </p>
      <Field label="Name of the endpoint" hint={`Type ${name} to delete it.`}>
        <input name="name" required autoComplete="off" spellCheck={false} />
      </Field>
    </Dialog>
  );
}
