import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { FaultText } from '../endpoints/FaultText.tsx';
import { Section } from '../endpoints/Section.tsx';
import { kinds } from '../retraining/words.tsx';
import { webhooksQuery } from '../webhooks/webhooks.ts';
import { usual } from './draft.ts';
import type { PartProps } from './EditDialog.tsx';
import { heading } from './figures.ts';
import { isAt, NumberSetting, Setting } from './Inputs.tsx';
import { executorsQuery } from './queries.ts';
import { signals } from './words.ts';

/** When breaches become an alert, who is told, and whether a new version is trained. */
export function AlertingForm(props: PartProps) {
  return (
    <>
      <Alerting {...props} />
      <Retraining {...props} />
    </>
  );
}

function Alerting({ draft, fault, onChange }: PartProps) {
  return (
    <Section
      title="Alerts"
      says={`at ${draft.breaches || usual.breaches} of ${draft.of || usual.of} windows`}
      isOpen={isAt(fault, 'alerting')}
    >
      <div className="trio">
        <NumberSetting
          label="Fires at so many breaches"
          field="alerting.breaches"
          fault={fault}
          value={draft.breaches}
          min={1}
          max={100}
          step={1}
          usual={usual.breaches}
          onChange={(breaches) => onChange({ breaches })}
        />
        <NumberSetting
          label="Of the last windows"
          hint="Those with a verdict."
          field="alerting.of"
          fault={fault}
          value={draft.of}
          min={1}
          max={100}
          step={1}
          usual={usual.of}
          onChange={(of) => onChange({ of })}
        />
        <NumberSetting
          label="Over after so many clear windows"
          field="alerting.clear"
          fault={fault}
          value={draft.clear}
          min={1}
          max={100}
          step={1}
          usual={usual.clear}
          onChange={(clear) => onChange({ clear })}
        />
        <NumberSetting
          label="Clear within this share of the bound"
          hint="0 to 1: what stays close to the bound is not clear."
          field="alerting.hysteresis"
          fault={fault}
          value={draft.hysteresis}
          min={0}
          max={1}
          usual={usual.hysteresis}
          onChange={(hysteresis) => onChange({ hysteresis })}
        />
        <NumberSetting
          label="Told of again after, in hours"
          hint="While the incident is open."
          field="alerting.cooldown_seconds"
          fault={fault}
          value={draft.cooldownHours}
          min={1 / 60}
          max={366 * 24}
          usual={usual.cooldownHours}
          onChange={(cooldownHours) => onChange({ cooldownHours })}
        />
      </div>
      <Channels draft={draft} fault={fault} onChange={onChange} />
    </Section>
  );
}

function Channels({ draft: { channels }, fault, onChange }: PartProps) {
  const query = useInfiniteQuery(webhooksQuery);
  const known = query.data?.pages.flatMap(({ webhooks = [] }) => webhooks) ?? [];
  const names = new Map(known.map(({ webhook_id: id, name }) => [id, name]));
  const ids = [...new Set([...names.keys(), ...(channels ?? [])])];
  return (
    <>
      <Setting label="Who is told" field="alerting.channels" fault={fault}>
        <select
          value={channels ? 'some' : 'all'}
          onChange={({ target }) => onChange({ channels: target.value === 'all' ? undefined : [] })}
        >
          <option value="all">every webhook that is told of incidents (default)</option>
          <option value="some">these webhooks only</option>
        </select>
      </Setting>
      {channels && (
        <fieldset className="bare">
          <legend className="hidden">Webhooks that are told</legend>
          {ids.length === 0 && <p className="hint">There are no webhooks: nobody is told.</p>}
          {ids.map((id) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={channels.includes(id)}
                onChange={({ target }) =>
                  onChange({
                    channels: target.checked ? [...channels, id] : channels.filter((each) => each !== id),
                  })
                }
              />
              {names.get(id) ?? id}
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

function Retraining({ draft, fault, onChange }: PartProps) {
  const { retrains, retrainsOn } = draft;
  return (
    <Section
      title="Retraining"
      says={retrains ? `on ${retrainsOn.join(', ')}` : 'none'}
      isOpen={isAt(fault, 'retraining')}
    >
      <label className="check">
        <input
          type="checkbox"
          checked={retrains}
          onChange={({ target }) => onChange({ retrains: target.checked })}
        />
        Alerts train a new version
      </label>
      {retrains && (
        <>
          <div className="pair">
            <ExecutorSetting draft={draft} fault={fault} onChange={onChange} />
            <Setting
              label="Alias that a winner gets"
              hint="It names the champion, too. Empty: the one that the endpoint follows."
              field="retraining.alias"
              fault={fault}
            >
              <input
                autoComplete="off"
                aria-invalid={isAt(fault, 'retraining.alias')}
                value={draft.alias}
                onChange={({ target }) => onChange({ alias: target.value })}
              />
            </Setting>
            <NumberSetting
              label="Better by more than"
              hint="Of accuracy, 0 to 1."
              field="retraining.margin"
              fault={fault}
              value={draft.margin}
              min={0}
              max={1}
              usual="0"
              onChange={(margin) => onChange({ margin })}
            />
            <NumberSetting
              label="At most, in 24 hours"
              field="retraining.max_per_day"
              fault={fault}
              value={draft.maxPerDay}
              min={1}
              max={100}
              step={1}
              usual="1"
              onChange={(maxPerDay) => onChange({ maxPerDay })}
            />
          </div>
          <fieldset className="bare">
            <legend>Signals whose alerts start it</legend>
            <div className="checks">
              {signals.map((name) => (
                <label key={name} className="check">
                  <input
                    type="checkbox"
                    checked={retrainsOn.includes(name)}
                    onChange={({ target }) =>
                      onChange({
                        retrainsOn: target.checked
                          ? [...retrainsOn, name]
                          : retrainsOn.filter((each) => each !== name),
                      })
                    }
                  />
                  {heading(name)}
                </label>
              ))}
            </div>
            {fault && isAt(fault, 'retraining.on') && <FaultText fault={fault} />}
          </fieldset>
        </>
      )}
    </Section>
  );
}

/** What trains: one of those that are declared. */
function ExecutorSetting({ draft: { executor }, fault, onChange }: PartProps) {
  const known = useQuery(executorsQuery).data?.executors;
  const named = known?.map(({ name, kind }) => `${name}, ${kinds[kind]}`) ?? [];
  const listId = 'executors-known';
  return (
    <Setting
      label="Executor"
      hint={
        known?.length === 0
          ? 'None is declared in the setting CAIRN_EXECUTORS.'
          : `Declared in the setting CAIRN_EXECUTORS${named.length > 0 ? `: ${named.join('; ')}` : ''}.`
      }
      field="retraining.executor"
      fault={fault}
    >
      <input
        required
        autoComplete="off"
        list={listId}
        aria-invalid={isAt(fault, 'retraining.executor')}
        value={executor}
        onChange={({ target }) => onChange({ executor: target.value })}
      />
      <datalist id={listId}>
        {known?.map(({ name, kind }) => (
          <option key={name} value={name}>
            {kinds[kind]}
          </option>
        ))}
      </datalist>
    </Setting>
  );
}
