export { EMULATOR_KEY } from './auth.ts';
export { createEmulator, type Emulator, type EmulatorOptions, type Observation } from './emulator.ts';
export type { Fault, Operation } from './faults.ts';
export { type HttpClient, inProcessHttpClient } from './http-client.ts';
export type { StaleReads } from './store/history.ts';
export { ConnectionLost, type WireRequest, type WireResponse } from './wire.ts';

/** Where the emulator says it is. In process no socket is opened, so any address would do. */
export const EMULATOR_ENDPOINT = 'http://127.0.0.1:8081';
