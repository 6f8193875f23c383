import { pathToFileURL } from 'node:url';
import type { Credential } from '../azure/index.ts';
import { traceAzureClients } from './azure-sdk.ts';
import { exporterFile } from './exporter-file.ts';
import { outsideSpans, recordTo, type Span } from './span.ts';

/** Where traces go. */
export type TraceTarget =
  /** A collector of OpenTelemetry, at the base of its HTTP API. */
  | { readonly by: 'otlp'; readonly url: string }
  | { readonly by: 'application-insights'; readonly connectionString: string };

export type TraceSettings = {
  readonly to: TraceTarget;
  /** How many traces that enter here are recorded each minute at most. */
  readonly perMinute: number;
  /** What the target calls this app. */
  readonly service: string;
};

/** Hands spans to a target. Fails where it does not take them. */
export type Exporter = (spans: readonly Span[]) => Promise<void>;

type ExporterModule = { openExporter(settings: TraceSettings, credential?: Credential): Exporter };

const flushMilliseconds = 5_000;
/** More than these are not kept while the target does not take them. */
const spansMax = 4_096;

/** Spans that wait, and who takes them. */
class Recording {
  readonly #settings: TraceSettings;
  readonly #credential: Credential | undefined;
  #spans: Span[] = [];
  #dropped = 0;
  #exporter: Promise<Exporter> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  /** Traces that may yet begin; refilled as time goes by. */
  #allowed: number;
  #refilledAt = performance.now();

  constructor(settings: TraceSettings, credential?: Credential) {
    this.#settings = settings;
    this.#credential = credential;
    this.#allowed = settings.perMinute;
  }

  samples(): boolean {
    const { perMinute } = this.#settings;
    const at = performance.now();
    this.#allowed = Math.min(perMinute, this.#allowed + ((at - this.#refilledAt) / 60_000) * perMinute);
    this.#refilledAt = at;
    if (this.#allowed < 1) return false;
    this.#allowed--;
    return true;
  }

  record(span: Span): void {
    if (this.#spans.length >= spansMax) {
      this.#dropped++;
      return;
    }
    this.#spans.push(span);
    // What sends spans is no part of the work that they tell of.
    this.#timer ??= outsideSpans(() => setTimeout(() => void this.flush(), flushMilliseconds).unref());
  }

  /** Sends what waits, and returns when it is sent or given up. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending = outsideSpans(() => this.#sending.then(() => this.#send()));
    return this.#sending;
  }

  async #send(): Promise<void> {
    const spans = this.#spans;
    const dropped = this.#dropped;
    this.#spans = [];
    this.#dropped = 0;
    if (dropped > 0) warn(`${dropped} spans were dropped: more than ${spansMax} waited.`);
    if (spans.length === 0) return;
    try {
      this.#exporter ??= this.#open();
      await (await this.#exporter)(spans);
    } catch (error) {
      // Traces are worth no retry of ours, and no failure of what they tell of.
      warn(`${spans.length} spans were not taken: ${error instanceof Error ? error.name : 'error'}.`);
    }
  }

  /** Its libraries take longer to load than the rest of the app, and are not waited for by the first caller. */
  async #open(): Promise<Exporter> {
    const module = (await import(pathToFileURL(exporterFile()).href)) as ExporterModule;
    return module.openExporter(this.#settings, this.#credential);
  }
}

function warn(message: string): void {
  process.emitWarning(message, 'TraceWarning');
}

let recording: Recording | undefined;

/**
 * Begins to record traces, for as long as the process lives. Application Insights asks for the `credential` of the app.
 * What is lost is told by warnings of the process.
 */
export function recordTraces(settings: TraceSettings, credential?: Credential): void {
  recording = new Recording(settings, credential);
  recordTo(recording);
  traceAzureClients();
}

/** Sends the spans that wait: before the process ends. */
export async function flushTraces(): Promise<void> {
  await recording?.flush();
}
