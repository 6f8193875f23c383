import type { Context } from '../context.ts';
import { type GateResult, listPromotions, type Promotion } from '../promotion/index.ts';

/** One promotion of a version: what its gates were judged by and said, and who decided what and why. */
export type PromotionFacts = {
  readonly number: number;
  readonly target: Promotion['target'];
  readonly status: Promotion['status'];
  readonly policy_version: number | null;
  readonly champion: number | null;
  readonly gates: readonly GateResult[];
  readonly approvals: Promotion['approvals'];
  readonly override: Promotion['override'] | null;
  readonly rejected: { readonly by: string; readonly at: number; readonly reason: string } | null;
  readonly cancelled_by: string | null;
  readonly superseded_by: number | null;
  readonly failed: string | null;
  readonly requested_by: string;
  readonly comment: string;
  readonly created_at: number;
  readonly finished_at: number | null;
};

const pageRows = 100;

/** Every promotion of a version, oldest first. */
export async function promotionsOf(ctx: Context, name: string, version: number): Promise<PromotionFacts[]> {
  const found: Promotion[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await listPromotions(ctx, {
      name,
      version,
      limit: pageRows,
      pageToken,
      consistency: 'strong',
    });
    found.push(...page.items);
    pageToken = page.nextToken;
    if (pageToken === undefined) return found.toReversed().map(factsOf);
  }
}

function factsOf(promotion: Promotion): PromotionFacts {
  const { number, target, status, judged, approvals, override, requestedBy, comment, createdAt } = promotion;
  return {
    number,
    target,
    status,
    policy_version: judged?.policyVersion ?? null,
    champion: judged?.champion ?? null,
    gates: judged?.gates ?? [],
    approvals,
    override: override ?? null,
    rejected: 'rejected' in promotion ? promotion.rejected : null,
    cancelled_by: 'cancelledBy' in promotion ? promotion.cancelledBy : null,
    superseded_by: 'supersededBy' in promotion ? promotion.supersededBy : null,
    failed: 'reason' in promotion ? promotion.reason : null,
    requested_by: requestedBy,
    comment,
    created_at: createdAt,
    finished_at: 'finishedAt' in promotion ? promotion.finishedAt : null,
  };
}
