import { Icon } from '../parts/Icon.tsx';
import { DeploymentForm } from './DeploymentForm.tsx';
import { type DeploymentDraft, type Draft, newDeployment } from './draft.ts';
import { mirrorFault, trafficOf } from './draft-faults.ts';
import { deploymentAt, type Fault } from './faults.ts';
import { FaultText } from './FaultText.tsx';
import { TrafficSliders } from './TrafficSliders.tsx';

type DeploymentsFormProps = {
  readonly draft: Draft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<Draft>) => void;
};

/** What answers, and how many of the calls each gets. */
export function DeploymentsForm({ draft, fault, onChange }: DeploymentsFormProps) {
  const { deployments } = draft;
  const set = (next: readonly DeploymentDraft[]) => onChange({ deployments: next });
  const change = (key: number, changes: Partial<DeploymentDraft>) =>
    set(deployments.map((each) => (each.key === key ? { ...each, ...changes } : each)));
  const isMany = deployments.length > 1;
  const [first] = deployments;
  const copies = mirrorFault(draft);
  return (
    <>
      {deployments.map((each, at) => (
        <DeploymentForm
          key={each.key}
          draft={each}
          fault={deploymentAt(fault, deployments) === at ? fault : undefined}
          onChange={(changes) => change(each.key, changes)}
          onRemove={
            isMany
              ? () => {
                  const left = deployments.filter(({ key }) => key !== each.key);
                  // The only one that is left gets all calls again.
                  set(left.length === 1 ? left.map((last) => ({ ...last, traffic: '100' })) : left);
                }
              : undefined
          }
        />
      ))}
      <div>
        <button
          type="button"
          className="quiet add-note"
          onClick={() => set([...deployments, newDeployment(deployments)])}
        >
          <Icon name="plus" size={14} /> Add a deployment
        </button>
      </div>
      {(isMany || first?.traffic !== '100') && (
        <fieldset className="bare">
          <legend>Traffic</legend>
          <TrafficSliders
            shares={trafficOf(draft)}
            onChange={(shares) =>
              set(deployments.map((each, at) => ({ ...each, traffic: shares[at]?.text ?? '0' })))
            }
          />
          {fault?.field.startsWith('traffic') && <FaultText fault={fault} />}
        </fieldset>
      )}
      {isMany && (
        <fieldset className="bare">
          <legend>Copies</legend>
          <p className="hint">
            A deployment can get a copy of some calls; its answers are logged, and nobody waits for them.
          </p>
          <div className="copies">
            {deployments.map(({ key, name, mirror }) => (
              <label key={key} className="copy-line">
                <span className="cut">{name}</span>
                <span className="percent">
                  <input
                    type="number"
                    min={0}
                    max={50}
                    step="any"
                    required
                    aria-label={`Percent of the calls that ${name} gets a copy of`}
                    aria-invalid={copies !== undefined}
                    value={mirror}
                    onChange={({ target }) => change(key, { mirror: target.value })}
                  />{' '}
                  %
                </span>
              </label>
            ))}
          </div>
          {copies !== undefined && <FaultText fault={{ message: copies }} />}
          {fault?.field.startsWith('mirror') && <FaultText fault={fault} />}
        </fieldset>
      )}
    </>
  );
}
