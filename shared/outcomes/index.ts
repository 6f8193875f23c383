export {
  type ClassOutcome,
  type Errors,
  type Joined,
  type NumberOutcome,
  type Outcome,
  outcomeOf,
} from './outcome.ts';
export { outcomesOf, type WindowOutcomes } from './outcomes.ts';
