import { isOpen, type Promotion } from './model.ts';

/** What became of a promotion, or what it waits for, in a sentence or two. */
export function outcomeOf(promotion: Promotion): string {
  const it = `Promotion ${promotion.number} of version ${promotion.version}`;
  const holding = heldUpBy(promotion)
    .map(({ gate, says }) => `${gate}: ${says}`)
    .join(' ');
  switch (promotion.status) {
    case 'evaluating':
      return `${it} is still being judged.`;
    case 'waiting':
      return `${it} waits. ${holding}`;
    case 'promoted':
      return `${it} was made.`;
    case 'refused':
      return `${it} was refused. ${holding}`;
    case 'rejected':
      return `${it} was rejected by '${promotion.rejected.by}': ${promotion.rejected.reason}`;
    case 'cancelled':
      return `${it} was cancelled by '${promotion.cancelledBy}'.`;
    case 'superseded':
      return `${it} was superseded by promotion ${promotion.supersededBy}.`;
    case 'failed':
      return `${it} failed: ${promotion.reason}`;
  }
}

/** Whether nothing but the approval of people is missing. */
export function needsPeople(promotion: Promotion): boolean {
  return isOpen(promotion) && heldUpBy(promotion).some(({ gate }) => gate === 'approvals');
}

function heldUpBy({ judged }: Promotion) {
  return (judged?.gates ?? []).filter(({ status }) => status !== 'passed' && status !== 'overridden');
}
