export { acknowledge, addNote, retrainingsOf } from './attend.ts';
export { listAlerts, listIncidents, type SeenAlert, type SeenIncident } from './list.ts';
export { alertSignals, type Incident, incidentRef, type Silence } from './model.ts';
export { getIncident, seenIncident, storedIncident, unknownIncident } from './read.ts';
export { receiveAlerts } from './receive.ts';
export {
  activeSilences,
  createSilence,
  endSilence,
  getSilence,
  isSilenced,
  listSilences,
  noMonitorToSilence,
  silenceState,
  silenceStates,
  unknownSilence,
} from './silences.ts';
export { watchAlerts } from './watch.ts';
export { sentenceOf, titleOf } from './words.ts';
