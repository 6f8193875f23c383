export { EMULATOR_KEY } from './auth.ts';
export { createEmulator, type Emulator, type EmulatorOptions, type Observation } from './emulator.ts';
export { inProcessHttpClient } from './http-client.ts';

/** Where the emulator says it is. In process no socket is opened, so any address would do. */
export const EMULATOR_ENDPOINT = 'http://127.0.0.1:8081';
