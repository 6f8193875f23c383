import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { RegisteredModel } from '../api/registry.ts';
import { Copyable } from '../parts/Code.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { Ago } from '../parts/Time.tsx';
import { AliasTags } from '../parts/AliasTags.tsx';
import { May } from '../session/may.tsx';
import { changeModel } from './actions.ts';

/** Which model this is, who holds its aliases, and what can be done with it as a whole. */
export function ModelHead({ model }: { readonly model: RegisteredModel }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<'rename' | 'delete'>();
  const close = () => setAsking(undefined);
  return (
    <>
      <PageHead
        title={model.name}
        crumbs={[{ label: 'Models', href: '#/models' }]}
        state={
          <May needs="contributor">
            <button
              type="button"
              className="quiet"
              aria-label="Rename"
              title="Rename"
              onClick={() => setAsking('rename')}
            >
              <Icon name="edit" size={14} />
            </button>
          </May>
        }
        actions={
          <MoreActions
            items={[
              { label: 'Rename', needs: 'contributor', onChoose: () => setAsking('rename') },
              { label: 'Delete', danger: true, needs: 'contributor', onChoose: () => setAsking('delete') },
            ]}
          />
        }
      />
      <FactLine
        of={{
          Created: <Ago at={model.created_at} />,
          Changed: <Ago at={model.updated_at} />,
          Aliases: model.aliases.length > 0 && <AliasTags model={model.name} aliases={model.aliases} />,
          'Model id': <Copyable text={model.model_id} />,
        }}
      />
      {asking === 'rename' && (
        <Dialog
          title="Rename this model"
          action="Rename"
          onClose={close}
          onSubmit={async (form) => {
            const name = String(form.get('name')).trim();
            await changeModel.rename(model.name, name);
            void navigate(links.model(name).slice(1));
          }}
        >
          <Field
            label="Name"
            hint="Versions, aliases and history stay; clients must ask for it by the new name."
          >
            <input name="name" defaultValue={model.name} required maxLength={500} />
          </Field>
        </Dialog>
      )}
      {asking === 'delete' && (
        <Dialog
          title={`Delete ${model.name}?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={async () => {
            await changeModel.remove(model.name);
            void navigate('/models');
          }}
        >
          <p>Its versions, aliases and policy go with it, for good. The runs that made them stay.</p>
        </Dialog>
      )}
    </>
  );
}
