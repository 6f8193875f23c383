import { useState } from 'react';
import { useNavigate } from 'react-router';
import { nameFilter } from '../api/tracking.ts';
import { changeModel } from '../model/actions.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { May } from '../session/may.tsx';
import { ModelTable, modelsByName } from './ModelTable.tsx';

const views = ['models', 'prompts'] as const;
const viewNames = { models: 'Models', prompts: 'Prompts' } as const;
/** A text like this is a filter in the server's language; any other is part of a name. */
const filterText =
  /^\s*(name|creation_timestamp|last_updated_timestamp|attributes?\.|tags?\.).*(=|<|>|\blike\b)/i;
const promptsFilter = "tags.`mlflow.prompt.is_prompt` = 'true'";

/** Every registered model: found by name or filter, in any order; prompts, which are models too, apart. */
export function ModelsPage() {
  const navigate = useNavigate();
  const [state, change] = useParamState();
  const [creating, setCreating] = useState(false);
  const search = state.get('q') ?? '';
  const view = oneOf(views, state.get('view'));
  const order = state.get('order') ?? modelsByName;
  const filters = [
    search === '' || filterText.test(search) ? search : nameFilter(search),
    view === 'prompts' ? promptsFilter : '',
  ];
  return (
    <>
      <PageHead
        title="Models"
        actions={
          <May needs="contributor">
            <button type="button" className="primary" onClick={() => setCreating(true)}>
              <Icon name="plus" /> New model
            </button>
          </May>
        }
      />
      <div className="row">
        <SearchField
          label="Search models"
          placeholder="Name, or tags.team = 'risk'"
          value={search}
          onChange={(q) => change({ q })}
        />
        <div className="segments" role="group" aria-label="Which models">
          {views.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={view === each}
              onClick={() => change({ view: each === views[0] ? '' : each })}
            >
              {viewNames[each]}
            </button>
          ))}
        </div>
      </div>
      <section className="card" aria-label={viewNames[view]}>
        <ModelTable
          filter={filters.filter(Boolean).join(' AND ')}
          none={search === '' ? view : 'match'}
          order={order}
          onOrder={(next) => change({ order: next === modelsByName ? '' : next })}
        />
      </section>
      {creating && (
        <Dialog
          title="New model"
          action="Create"
          onClose={() => setCreating(false)}
          onSubmit={async (form) => {
            const name = String(form.get('name')).trim();
            await changeModel.create(name, String(form.get('description')));
            void navigate(links.model(name).slice(1));
          }}
        >
          <Field label="Name" hint="Versions are added to it by registering runs or logged models.">
            <input name="name" required maxLength={500} />
          </Field>
          <Field label="Description" hint="Markdown.">
            <textarea name="description" rows={4} maxLength={5000} />
          </Field>
        </Dialog>
      )}
    </>
  );
}
