export {
  type ClassOutcome,
  errorBin,
  type Errors,
  mergeOutcomes,
  type NumberOutcome,
  type Outcome,
} from './outcome.ts';
export { outcomesOf, type WindowOutcomes } from './outcomes.ts';
