import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { request } from '../api/client.ts';
import { type Stage, stages, type Version, versionPath } from '../api/registry.ts';
import { changeVersion } from '../model/actions.ts';
import { SetAlias } from '../model/AliasDialogs.tsx';
import { modelQuery } from '../model/queries.ts';
import { PromoteDialog } from '../promotion/PromoteDialog.tsx';
import { AliasTags } from '../parts/AliasTags.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { saveFile } from '../parts/saveFile.ts';
import { Ago } from '../parts/Time.tsx';
import { VersionState } from '../parts/VersionState.tsx';
import { May } from '../session/may.tsx';

type Asked = 'promote' | 'alias' | 'stage' | 'delete';

/** Which version this is, how it stands, and what can be done with it. */
export function VersionHead({ version }: { readonly version: Version }) {
  const { name, version: number } = version;
  const navigate = useNavigate();
  const model = useQuery(modelQuery(name));
  const [asked, setAsked] = useState<Asked>();
  const evidence = useMutation({ mutationFn: () => downloadEvidence(name, number) });
  const close = () => setAsked(undefined);
  const users = version.user_id && version.user_id !== 'unknown' ? version.user_id : undefined;
  return (
    <>
      <PageHead
        title={`Version ${number} of ${name}`}
        crumbs={[
          { label: 'Models', href: '#/models' },
          { label: name, href: links.model(name) },
        ]}
        state={
          <>
            <VersionState inspection={version.inspection} />
            {version.stage !== 'None' && <Chip state={version.stage} />}
            {version.signed && <Chip state="signed" tone="good" />}
          </>
        }
        actions={
          <>
            <button type="button" disabled={evidence.isPending} onClick={() => evidence.mutate()}>
              <Icon name="download" size={14} /> {evidence.isPending ? 'Gathering …' : 'Evidence'}
            </button>
            <May needs="contributor">
              <button
                type="button"
                className="primary"
                disabled={!model.data}
                onClick={() => setAsked('promote')}
              >
                <Icon name="promote" size={14} /> Promote
              </button>
            </May>
            <MoreActions
              items={[
                { label: 'Set an alias', needs: 'contributor', onChoose: () => setAsked('alias') },
                { label: 'Change the stage', needs: 'contributor', onChoose: () => setAsked('stage') },
                { label: 'Delete', danger: true, needs: 'contributor', onChoose: () => setAsked('delete') },
              ]}
            />
          </>
        }
      />
      {evidence.error && <Failure error={evidence.error} />}
      <FactLine
        of={{
          Registered: <Ago at={version.created_at} />,
          By: users,
          Aliases: version.aliases.length > 0 && (
            <AliasTags model={name} aliases={version.aliases.map((alias) => ({ alias, version: number }))} />
          ),
          'From run': version.run ? (
            <a
              className="clip"
              href={links.run(version.run.experiment_id, version.run.run_id)}
              title={version.run.name}
            >
              {version.run.name || version.run.run_id}
            </a>
          ) : (
            version.run_id && <a href={links.runById(version.run_id)}>{version.run_id}</a>
          ),
        }}
      />
      {asked === 'promote' && model.data && (
        <PromoteDialog model={model.data} version={number} onClose={close} />
      )}
      {asked === 'alias' && model.data && <SetAlias model={model.data} version={number} onClose={close} />}
      {asked === 'stage' && <StageDialog version={version} onClose={close} />}
      {asked === 'delete' && (
        <Dialog
          title={`Delete version ${number}?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={async () => {
            await changeVersion.remove(name, number);
            void navigate(links.model(name).slice(1));
          }}
        >
          <p>Aliases that it holds are removed. Its number is not used again.</p>
        </Dialog>
      )}
    </>
  );
}

function StageDialog({ version, onClose }: { readonly version: Version; readonly onClose: () => void }) {
  return (
    <Dialog
      title="Change the stage"
      action="Change"
      onClose={onClose}
      onSubmit={(form) =>
        changeVersion.setStage(
          version.name,
          version.version,
          String(form.get('stage')) as Stage,
          form.get('archive') === 'on',
        )
      }
    >
      <Field label="Stage" hint="A stage that the model’s policy guards is reached by a promotion only.">
        <select name="stage" defaultValue={version.stage}>
          {stages.map((stage) => (
            <option key={stage}>{stage}</option>
          ))}
        </select>
      </Field>
      <label className="check">
        <input type="checkbox" name="archive" />
        Archive the versions that are in it now
      </label>
    </Dialog>
  );
}

async function downloadEvidence(name: string, number: number): Promise<void> {
  const response = await request(`/api/v1/${versionPath(name, number, 'evidence')}`);
  saveFile(`${name}-v${number}-evidence.zip`, await response.blob());
}
