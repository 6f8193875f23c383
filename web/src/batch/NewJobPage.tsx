import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError } from '../api/client.ts';
import { FaultText } from '../endpoints/FaultText.tsx';
import { Card } from '../parts/Card.tsx';
import { Failure } from '../parts/Failure.tsx';
import { byteSize, duration } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import type { OwnerName } from './actions.ts';
import { DropZone } from './DropZone.tsx';
import { takeHanded } from './handed.ts';
import { plainDraft, tellsFormat } from './options.ts';
import { OptionsForm } from './OptionsForm.tsx';
import { OwnerField } from './OwnerField.tsx';
import { ownerIn, useOwnersNamed } from './owners.ts';
import { type Sending, useSending } from './sending.ts';
import './batch.css';

const ownFields = ['endpoint', 'model', 'name', 'bytes', 'file'];

/** Has a file scored: what scores it, the file, and how. The file goes straight to storage. */
export function NewJobPage() {
  const navigate = useNavigate();
  const [asked] = useParamState();
  const [file, setFile] = useState(takeHanded);
  const [chosen, setChosen] = useState(() => ownerIn(asked));
  const [text, setText] = useState(chosen?.name ?? '');
  const [draft, setDraft] = useState(plainDraft);
  const [fault, setFault] = useState<{ field: string; message: string }>();
  const found = useOwnersNamed(text);
  const { state, isBusy, send, cancel } = useSending(({ id }) => void navigate(links.batchJob(id).slice(1)));
  const name = text.trim();
  const owner = chosen?.name === name ? chosen : found.find((each) => each.name === name);
  const shown = fault ?? faultOf(state);
  const at = (...fields: string[]) => (shown && fields.includes(shown.field) ? shown : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = wrongWith(owner, name, file, draft.format);
    setFault(wrong);
    if (!wrong && owner && file) void send({ owner, file, draft });
  };

  return (
    <>
      <PageHead title="New batch job" crumbs={[{ label: 'Batch jobs', href: '#/batch-jobs' }]} />
      <form className="new-job" onSubmit={submit}>
        <fieldset className="bare new-job-fields" disabled={isBusy}>
          <legend className="hidden">What is to be scored, and how</legend>
          <Card title="File">
            {file ? (
              <PickedFile file={file} onDrop={() => setFile(undefined)} canDrop={!isBusy} />
            ) : (
              <DropZone button="Choose a file" onFile={setFile}>
                <strong>Drop a file here</strong>
                <span className="hint">
                  CSV, JSON Lines or Parquet, of any size, text also with gzip. It goes straight to storage.
                </span>
              </DropZone>
            )}
            <Fault of={at('file', 'name', 'bytes')} />
          </Card>
          <Card title="Model">
            <OwnerField
              text={text}
              found={found}
              isWrong={at('endpoint', 'model') !== undefined}
              onType={setText}
              onChoose={(each) => {
                setText(each.name);
                setChosen(each);
              }}
            />
            <Fault of={at('endpoint', 'model')} />
          </Card>
          <Card title="Options">
            <div className="new-job-options">
              <OptionsForm draft={draft} name={file?.name ?? ''} fault={shown?.field} onChange={setDraft} />
              {shown && !ownFields.includes(shown.field) && <Fault of={shown} />}
            </div>
          </Card>
        </fieldset>
        {state.is === 'failed' && !faultOf(state) && <Failure error={state.error} />}
        <div className="row">
          {isBusy && file ? (
            <OnItsWay state={state} file={file} onCancel={cancel} />
          ) : (
            <>
              <button type="submit" className="primary">
                {state.is === 'failed' ? 'Try again' : 'Upload and score'}
              </button>
              <a className="button" href="#/batch-jobs">
                Cancel
              </a>
            </>
          )}
        </div>
      </form>
    </>
  );
}

function Fault({ of }: { readonly of: { readonly message: string } | undefined }) {
  return of ? <FaultText fault={of} /> : null;
}

type PickedFileProps = { readonly file: File; readonly canDrop: boolean; readonly onDrop: () => void };

function PickedFile({ file, canDrop, onDrop }: PickedFileProps) {
  return (
    <div className="picked">
      <Icon name="file" size={20} />
      <span className="cut" title={file.name}>
        <strong>{file.name}</strong> <span className="hint">{byteSize(file.size)}</span>
      </span>
      {canDrop && (
        <button type="button" className="quiet" onClick={onDrop}>
          <Icon name="close" size={14} /> Another file
        </button>
      )}
    </div>
  );
}

type OnItsWayProps = { readonly state: Sending; readonly file: File; readonly onCancel: () => void };

/** How much of the file is there, and how long the rest takes. */
function OnItsWay({ state, file, onCancel }: OnItsWayProps) {
  if (state.is !== 'sending')
    return (
      <p className="hint" role="status">
        The file is there. The job is being started …
      </p>
    );
  const { bytes, milliseconds: elapsed } = state;
  const left = bytes > 0 && bytes < file.size ? (elapsed / bytes) * (file.size - bytes) : undefined;
  return (
    <div className="on-its-way">
      <progress max={Math.max(1, file.size)} value={bytes} aria-label="Upload" />
      <span className="steady">
        {byteSize(bytes)} of {byteSize(file.size)}
        {left !== undefined && elapsed > 1000 && `, ${duration(Math.max(1000, left))} left`}
      </span>
      <button type="button" onClick={onCancel}>
        Cancel the upload
      </button>
    </div>
  );
}

/** What can be told before anything is sent. */
function wrongWith(owner: OwnerName | undefined, name: string, file: File | undefined, format: string) {
  if (!file) return { field: 'file', message: 'Choose the file that is to be scored.' };
  if (file.size === 0) return { field: 'file', message: 'The file is empty.' };
  if (!owner) return { field: 'endpoint', message: `There is no endpoint or model called “${name}”.` };
  if (format === 'auto' && !tellsFormat(file.name))
    return { field: 'format', message: `The name ${file.name} does not tell its format: choose one.` };
  return undefined;
}

/** What the server says of one of the fields. */
function faultOf(state: Sending) {
  if (state.is !== 'failed' || !(state.error instanceof ApiError)) return undefined;
  const { field, message } = state.error;
  return field === undefined || field === 'input' ? undefined : { field, message };
}
