import { useState } from 'react';
import { useNavigate } from 'react-router';
import { noteTag, ownTags, tagMap } from '../api/tracking.ts';
import type { Experiment } from '../api/types.ts';
import { restoreExperiment } from '../experiments/actions.ts';
import { DeleteExperiments, EditExperiment } from '../experiments/ExperimentDialog.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Icon } from '../parts/Icon.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Menu } from '../parts/Popover.tsx';
import { TagList } from '../parts/TagList.tsx';
import { Ago } from '../parts/Time.tsx';

export const experimentCrumbs = [{ label: 'Experiments', href: '#/experiments' }];

/** What an experiment is called and is about, and what can be done with it. */
export function ExperimentHead({ experiment }: { readonly experiment: Experiment }) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'edit' | 'delete'>();
  const isDeleted = experiment.lifecycle_stage === 'deleted';
  const note = tagMap(experiment.tags).get(noteTag);
  const tags = ownTags(experiment.tags);
  const close = () => setAsked(undefined);
  return (
    <div className="experiment-head">
      <PageHead
        title={experiment.name}
        crumbs={experimentCrumbs}
        state={isDeleted && <Chip state="deleted" />}
        actions={
          <Menu
            name="Actions on this experiment"
            align="end"
            label={<Icon name="more" />}
            items={
              isDeleted
                ? [
                    {
                      label: 'Restore',
                      needs: 'contributor',
                      onChoose: () => void restoreExperiment(experiment.experiment_id),
                    },
                  ]
                : [
                    {
                      label: 'Rename, describe, tag',
                      needs: 'contributor',
                      onChoose: () => setAsked('edit'),
                    },
                    {
                      label: 'Delete',
                      danger: true,
                      needs: 'contributor',
                      onChoose: () => setAsked('delete'),
                    },
                  ]
            }
          />
        }
      />
      {note && <p className="note">{note}</p>}
      <div className="experiment-facts hint">
        <span>
          Id <Copyable text={experiment.experiment_id} />
        </span>
        <span>
          Artifacts <Copyable text={experiment.artifact_location} />
        </span>
        <span>
          Created <Ago at={experiment.creation_time} />
        </span>
        {tags.length > 0 && <TagList tags={tags} max={4} />}
      </div>
      {asked === 'edit' && <EditExperiment experiment={experiment} onClose={close} />}
      {asked === 'delete' && (
        <DeleteExperiments
          experiments={[experiment]}
          onClose={close}
          onDeleted={() => void navigate('/experiments')}
        />
      )}
    </div>
  );
}

/** The head of several experiments whose runs stand in one table. */
export function ExperimentsHead({ experiments }: { readonly experiments: readonly Experiment[] }) {
  return (
    <div className="experiment-head">
      <PageHead title={`Runs of ${experiments.length} experiments`} crumbs={experimentCrumbs} />
      <p className="hint cut" title={experiments.map(({ name }) => name).join('\n')}>
        {experiments.map(({ name }) => name).join(', ')}
      </p>
    </div>
  );
}
