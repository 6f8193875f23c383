import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../parts/Card.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { TokenDialog } from './TokenDialog.tsx';
import { TokenShown } from './TokenShown.tsx';
import { TokenTable } from './TokenTable.tsx';
import { type NewToken, tokensQuery } from './tokens.ts';

type PrincipalTokensProps = {
  readonly principal: { readonly id: string; readonly name: string; readonly kind: string };
};

/** Somebody's tokens, and the way to make them one: what a service works by. */
export function PrincipalTokens({ principal }: PrincipalTokensProps) {
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewToken>();
  const query = useInfiniteQuery(tokensQuery({ principal: principal.id }));
  return (
    <Card
      title="Tokens"
      flush
      actions={
        <button type="button" className="quiet" onClick={() => setMaking(true)}>
          <Icon name="plus" size={14} /> Make one
        </button>
      }
    >
      <Listed
        query={query}
        lines={3}
        rows={query.data?.pages.flatMap(({ tokens }) => tokens) ?? []}
        none={<p className="hint card-none">None.</p>}
      >
        {(tokens) => <TokenTable label={`Tokens of ${principal.name}`} tokens={tokens} />}
      </Listed>
      {making && <TokenDialog principal={principal} onClose={() => setMaking(false)} onMade={setMade} />}
      {made && <TokenShown token={made} onClose={() => setMade(undefined)} />}
    </Card>
  );
}
