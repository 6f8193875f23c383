export { watchAlerts } from './watch.ts';
export { activeSilences, isSilenced } from './silences.ts';
