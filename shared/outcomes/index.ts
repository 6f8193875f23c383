export {
  type ClassOutcome,
  type Errors,
  type Joined,
  type NumberOutcome,
  type Outcome,
  outcomeOf,
} from './outcome.ts';
export { labelStates, outcomesOf, type WindowOutcomes } from './outcomes.ts';
