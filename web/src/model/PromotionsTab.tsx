import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RegisteredModel } from '../api/registry.ts';
import { PromoteDialog } from '../promotion/PromoteDialog.tsx';
import { Card } from '../parts/Card.tsx';
import { Icon } from '../parts/Icon.tsx';
import { May } from '../session/may.tsx';
import { PromotionList } from './PromotionList.tsx';
import { promotionsQuery } from './queries.ts';

/** What was asked to be promoted, newest first, and what became of it. */
export function PromotionsTab({ model }: { readonly model: RegisteredModel }) {
  const [asking, setAsking] = useState(false);
  const query = useInfiniteQuery(promotionsQuery(model.name));
  return (
    <Card
      title="Promotions"
      flush
      actions={
        <May needs="contributor">
          <button type="button" className="quiet" onClick={() => setAsking(true)}>
            <Icon name="promote" size={14} /> Promote a version
          </button>
        </May>
      }
    >
      <PromotionList name={model.name} query={query} none="Nothing was promoted yet." />
      {asking && <PromoteDialog model={model} onClose={() => setAsking(false)} />}
    </Card>
  );
}
