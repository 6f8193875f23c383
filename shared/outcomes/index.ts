export {
  type ClassOutcome,
  type Errors,
  type NumberOutcome,
  type Outcome,
} from './outcome.ts';
export { outcomesOf, type WindowOutcomes } from './outcomes.ts';
