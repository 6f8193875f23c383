export { approvePromotion, cancelPromotion, overridePromotion, rejectPromotion } from './decisions.ts';
export {
  comparedMetrics,
  type FreezeWindow,
  type GateResult,
  type GateSpec,
  isOpen,
  type Policy,
  type Promotion,
  promotionStatuses,
  weekdays,
} from './model.ts';
export { outcomeOf } from './outcome.ts';
export { endPolicy, getPolicy, listPolicies, putPolicy } from './policies.ts';
export { getPromotion, listPromotions, type PromotionSearch } from './promotions.ts';
export { requestPromotion, type Wish } from './request.ts';
export { setAlias, setStage } from './detour.ts';
export { advancePromotion } from './advance.ts';
export { wakePromotions } from './wake.ts';
