/**
 * onnxruntime tells its makers of each process, machine and model, and keeps an id of the machine in the home folder, unless
 * it is told not to before it is loaded (https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md). What a
 * platform serves is nobody else's business. It reads the environment of the process, not that of a thread.
 */
export const untold = { ORT_DISABLE_TELEMETRY: '1' } as const;
