export { watchAlerts } from './watch.ts';
