export { type AgendaEntry, enqueueDue, isScheduled, schedule, scheduleOnce, unschedule } from './agenda.ts';
export { type CairnEvent, type EventDocument, type EventType, eventWrite, type NewEvent } from './event.ts';
export { deliver, type EventsMessage, flushRelay, relay, type Subscriber, sweepEvents } from './relay.ts';
