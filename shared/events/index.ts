export {
  type AgendaEntry,
  enqueueDue,
  schedule,
  scheduleOnce,
  scheduleUntil,
  standsUntil,
  unschedule,
  unscheduleAll,
} from './agenda.ts';
export { type CairnEvent, type EventDocument, type EventType, eventWrite, type NewEvent } from './event.ts';
export { deliver, type EventsMessage, flushRelay, relay, type Subscriber, sweepEvents } from './relay.ts';
