export { acknowledge, addNote, retrainingsOf } from './attend.ts';
export { forgetAlerts } from './forget.ts';
export { listAlerts, listIncidents, type SeenAlert, type SeenIncident } from './list.ts';
export { followSilence, lookAfterAlerts, sweepAlerts } from './look-after.ts';
export { alertSignals, type Incident, incidentRef, type Silence, type TimelineEntry } from './model.ts';
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
export { resolveIncident } from './resolve.ts';
export { addToTimeline } from './timeline.ts';
export { followMonitor, lookAtAlerts, renewFigures, watchAlerts } from './watch.ts';
export { sentenceOf, titleOf } from './words.ts';
