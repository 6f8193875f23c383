/** The shapes that cross between a host and `@azure/functions`, as far as this host uses them. */

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type LogCategory = 'user' | 'system' | 'customMetric';

export interface TypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  int?: number;
  double?: number;
  http?: HttpData;
}

/** `nativeRequest` is internal to `@azure/functions` 4.16; a contract test holds it. */
interface HttpData {
  nativeRequest?: Request;
  params?: Record<string, string>;
  method?: string;
  url?: string;
}

export interface Binding {
  type: string;
  direction: 'in' | 'out';
  name?: string;
  [option: string]: unknown;
}

export interface FunctionMetadata {
  name: string;
  bindings: Record<string, Binding>;
  retryOptions?: unknown;
}

export type FunctionCallback = (...args: unknown[]) => unknown;

interface InvocationRequest {
  inputData: { name: string; data: TypedData }[];
  triggerMetadata?: Record<string, TypedData>;
  traceContext: { traceParent: string; traceState: string; attributes: Record<string, string> };
}

export interface InvocationResponse {
  outputData: { name: string; data: TypedData }[];
  returnValue?: TypedData | null;
}

export interface CoreInvocationContext {
  invocationId: string;
  request: InvocationRequest;
  metadata: FunctionMetadata;
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface LibraryContext {
  options: { trigger: { type: string }; return?: unknown };
}

interface InvocationModel {
  getArguments(): Promise<{ context: LibraryContext; inputs: unknown[] }>;
  invokeFunction(context: LibraryContext, inputs: unknown[], handler: FunctionCallback): Promise<unknown>;
  getResponse(context: LibraryContext, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}
