export { advanceRollouts, type RolloutMessage, watchBegun } from './advance.ts';
export { type EndOfRollout, finishRollout, stopRollout } from './end.ts';
