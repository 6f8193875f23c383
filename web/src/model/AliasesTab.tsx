import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AliasMove, HeldAlias, RegisteredModel } from '../api/registry.ts';
import { PromoteDialog } from '../promotion/PromoteDialog.tsx';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { May, useMay } from '../session/may.tsx';
import { RemoveAlias, RollBack, SetAlias } from './AliasDialogs.tsx';
import { movesQuery } from './queries.ts';

type Asked =
  | { readonly what: 'set'; readonly held?: HeldAlias }
  | { readonly what: 'promote' | 'roll-back' | 'remove'; readonly held: HeldAlias };

/** Who holds which alias, since when and by whose hand; moving it, and the way back. */
export function AliasesTab({ model }: { readonly model: RegisteredModel }) {
  const { name, aliases, policy } = model;
  const [state, change] = useParamState();
  const [asked, setAsked] = useState<Asked>();
  const mayChange = useMay('contributor');
  const shown = state.get('alias') ?? aliases[0]?.alias;
  const guarded = (alias: string) => policy?.aliases.includes(alias) ?? false;
  const close = () => setAsked(undefined);
  return (
    <>
      <Card
        title="Aliases"
        flush
        actions={
          <May needs="contributor">
            <button type="button" className="quiet" onClick={() => setAsked({ what: 'set' })}>
              <Icon name="plus" size={14} /> Set an alias
            </button>
          </May>
        }
      >
        {aliases.length === 0 ? (
          <Empty title="No aliases">
            An alias is a name for the version that has a role now, such as <code>champion</code>: clients and
            endpoints that ask for it follow when it moves.
          </Empty>
        ) : (
          <Table
            label="Aliases"
            rows={aliases}
            rowKey={({ alias }) => alias}
            columns={[
              {
                title: 'Alias',
                cell: ({ alias }) => (
                  <span className="dotted">
                    <span className="clamp" title={alias}>
                      {alias}
                    </span>
                    {guarded(alias) && <Chip state="guarded" />}
                  </span>
                ),
              },
              {
                title: 'Held by',
                cell: ({ version }) => <a href={links.version(name, version)}>v{version}</a>,
              },
              {
                title: 'Since',
                cell: ({ since }) => (since === undefined ? '—' : <Ago at={since} />),
              },
              { title: 'By', cell: ({ by }) => by ?? '—' },
              {
                title: <span className="hidden">Actions</span>,
                id: 'actions',
                cell: (held) => (
                  <span className="row alias-actions">
                    <button
                      type="button"
                      className="quiet"
                      aria-pressed={held.alias === shown}
                      onClick={() => change({ alias: held.alias })}
                    >
                      History
                    </button>
                    <May needs="contributor">
                      {guarded(held.alias) ? (
                        <button
                          type="button"
                          className="quiet"
                          onClick={() => setAsked({ what: 'promote', held })}
                        >
                          Promote
                        </button>
                      ) : (
                        <button
                          type="button"
                          className="quiet"
                          onClick={() => setAsked({ what: 'set', held })}
                        >
                          Move
                        </button>
                      )}
                    </May>
                    <May needs="operator">
                      <button
                        type="button"
                        className="quiet"
                        onClick={() => setAsked({ what: 'roll-back', held })}
                      >
                        Roll back
                      </button>
                    </May>
                    {mayChange && !guarded(held.alias) && (
                      <button
                        type="button"
                        className="quiet"
                        onClick={() => setAsked({ what: 'remove', held })}
                      >
                        Remove
                      </button>
                    )}
                  </span>
                ),
              },
            ]}
          />
        )}
      </Card>
      {shown !== undefined && <History key={shown} name={name} alias={shown} />}
      {asked?.what === 'set' && <SetAlias model={model} held={asked.held} onClose={close} />}
      {asked?.what === 'promote' && (
        <PromoteDialog model={model} target={{ alias: asked.held.alias }} onClose={close} />
      )}
      {asked?.what === 'roll-back' && <RollBack name={name} held={asked.held} onClose={close} />}
      {asked?.what === 'remove' && <RemoveAlias name={name} held={asked.held} onClose={close} />}
    </>
  );
}

function History({ name, alias }: { readonly name: string; readonly alias: string }) {
  const query = useInfiniteQuery(movesQuery(name, alias));
  const moves = query.data?.pages.flatMap((page) => page.moves) ?? [];
  return (
    <Card title={<>History of {alias}</>} flush>
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={4} />
      ) : moves.length === 0 ? (
        <p className="hint card-none">It never moved.</p>
      ) : (
        <Table
          label={`Moves of ${alias}, newest first`}
          rows={moves}
          rowKey={({ seq }) => String(seq)}
          columns={[
            { title: 'When', cell: ({ at }) => <Moment at={at} /> },
            {
              title: 'Move',
              cell: ({ from, to }) => (
                <span className="alias-move">
                  <Holder name={name} version={from} /> → <Holder name={name} version={to} />
                </span>
              ),
            },
            { title: 'Cause', cell: (move) => <Cause name={name} move={move} /> },
            { title: 'By', cell: ({ actor }) => actor },
            {
              title: 'Reason',
              cell: ({ cause }) => <span className="long">{cause.reason ?? '—'}</span>,
            },
          ]}
        />
      )}
      <More query={query} />
    </Card>
  );
}

function Holder({ name, version }: { readonly name: string; readonly version: number | null | undefined }) {
  if (version === undefined || version === null) return <span className="hint">no version</span>;
  return <a href={links.version(name, version)}>v{version}</a>;
}

function Cause({ name, move: { cause, to } }: { readonly name: string; readonly move: AliasMove }) {
  switch (cause.kind) {
    case 'set':
      return to === undefined || to === null ? 'removed' : 'set';
    case 'promotion':
      return cause.promotion === undefined ? (
        'promotion'
      ) : (
        <a href={links.promotion(name, cause.promotion)}>promotion {cause.promotion}</a>
      );
    case 'rollback':
      return 'rollback';
    case 'version-deleted':
      return 'its version was deleted';
  }
}
