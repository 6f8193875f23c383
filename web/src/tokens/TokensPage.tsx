import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspace } from '../api/client.ts';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { useSession } from '../session/session.ts';
import { TokenDialog } from './TokenDialog.tsx';
import { TokenShown } from './TokenShown.tsx';
import { TokenTable } from './TokenTable.tsx';
import { type NewToken, tokensQuery } from './tokens.ts';

const whose = ['own', 'all'] as const;
/** What makes MLflow's clients work here. */
const pasted = [
  `export MLFLOW_TRACKING_URI=${location.origin}`,
  'export MLFLOW_TRACKING_TOKEN=cairn_…',
  ...(workspace === 'default' ? [] : [`export MLFLOW_WORKSPACE=${workspace}`]),
].join('\n');

/** Tokens by which programs work in one's name; admins of the deployment see everyone's. */
export function TokensPage() {
  const { is_deployment_admin: seesAll } = useSession();
  const [state, change] = useParamState();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewToken>();
  const of = seesAll ? oneOf(whose, state.get('of')) : 'own';
  const query = useInfiniteQuery(tokensQuery(of));
  return (
    <>
      <PageHead
        title="Tokens"
        actions={
          <button type="button" className="primary" onClick={() => setMaking(true)}>
            <Icon name="plus" /> New token
          </button>
        }
      />
      <div className="row">
        <p className="hint">
          A program that has a token works in the name of its owner, within what the token allows.
        </p>
        {seesAll && (
          <div className="actions">
            <div className="segments" role="group" aria-label="Whose tokens">
              {whose.map((each) => (
                <button
                  key={each}
                  type="button"
                  aria-pressed={of === each}
                  onClick={() => change({ of: each === 'own' ? '' : each })}
                >
                  {each === 'own' ? 'Mine' : 'Everyone’s'}
                </button>
              ))}
            </div>
          </div>
        )}
      </div>
      <section className="card" aria-label="Tokens">
        <Listed
          query={query}
          rows={query.data?.pages.flatMap(({ tokens }) => tokens) ?? []}
          none={
            <Empty title="No tokens yet" code={pasted}>
              With one, MLflow’s clients and every other program sign in as you: make one, and paste it into
              the second line.
            </Empty>
          }
        >
          {(tokens) => <TokenTable label="Tokens, newest first" tokens={tokens} showsOwner={of === 'all'} />}
        </Listed>
      </section>
      {making && <TokenDialog onClose={() => setMaking(false)} onMade={setMade} />}
      {made && <TokenShown token={made} onClose={() => setMade(undefined)} />}
    </>
  );
}
