import { settingDeclarations } from '../../shared/settings.ts';
import measuredUse from './measured.json' with { type: 'json' };
import prices from './prices.json' with { type: 'json' };

/** What a day brings; every count is of a day. */
export type Traffic = {
  readonly runs: number;
  /** Calls of log-metric or log-batch of a run. */
  readonly logCallsPerRun: number;
  readonly filesPerRun: number;
  readonly megabytesPerRun: number;
  /** Model versions that are registered. */
  readonly versions: number;
  /** Endpoints that stand, each with its monitor. */
  readonly endpoints: number;
  readonly predictions: number;
  /** Processor time of a prediction. */
  readonly predictionMilliseconds: number;
  readonly batchRows: number;
  /** Each opens some hundred pages and lists. */
  readonly people: number;
  /** Hours of the day in which the traffic comes. */
  readonly hours: number;
  /** How long runs, files and predictions are kept, in days. */
  readonly keptDays: number;
};

/** How the platform is deployed: the parameters of `infra/main.bicep` that cost. */
export type Shape = {
  readonly instanceMb: number;
  /** Instances for calls that never go. */
  readonly alwaysReady: number;
  readonly capacity: 'serverless' | 'autoscale';
  /** With autoscale: the most request units a second. */
  readonly requestUnitsMax: number;
  readonly network: 'public' | 'private';
  readonly zoneRedundant: boolean;
  /** Whether somebody is told of alerts: the rules of `infra/modules/log-alerts.bicep` and `metric-alerts.bicep`. */
  readonly alerts: boolean;
};

export const trafficDefault: Traffic = {
  runs: 20,
  logCallsPerRun: 200,
  filesPerRun: 5,
  megabytesPerRun: 20,
  versions: 1,
  endpoints: 2,
  predictions: 50_000,
  predictionMilliseconds: 5,
  batchRows: 1_000_000,
  people: 5,
  hours: 24,
  keptDays: 365,
};
export const noTraffic: Traffic = {
  ...trafficDefault,
  runs: 0,
  versions: 0,
  endpoints: 0,
  predictions: 0,
  batchRows: 0,
  people: 0,
};
export const shapeDefault: Shape = {
  instanceMb: 2048,
  alwaysReady: 0,
  capacity: 'serverless',
  requestUnitsMax: 1000,
  network: 'public',
  zoneRedundant: false,
  alerts: false,
};

type Use = {
  readonly requestUnits: number;
  readonly blobWrites: number;
  readonly blobReads: number;
  readonly messages: number;
};
/** Measured by `test/operations/measured-use.test.ts`, which fails where a figure is no longer so. */
const measured: Readonly<Record<keyof typeof measuredUse, Use>> = measuredUse;

export type Prices = typeof prices;
export const listPrices: Prices = prices;

/**
 * Prices that somebody gives, in the form of `prices.json`.
 *
 * @throws Error that names what is missing or of another type.
 */
export function pricesOf(given: unknown): Prices {
  const hold = (value: unknown, like: unknown, path: string): void => {
    const kind = typeof like;
    if (
      typeof value !== kind ||
      value === null ||
      Number.isNaN(value) ||
      (kind === 'number' && Number(value) < 0)
    )
      throw new Error(
        `${path || 'the file'} must be ${kind === 'object' ? 'an object' : `a ${kind}`}, as in prices.json.`,
      );
    if (kind !== 'object') return;
    for (const [name, one] of Object.entries(like as object))
      hold((value as Record<string, unknown>)[name], one, path === '' ? name : `${path}.${name}`);
  };
  hold(given, prices, '');
  return given as Prices;
}

export type CostItem = {
  readonly service: string;
  readonly item: string;
  /** Of a month, with what is free. */
  readonly quantity: number;
  readonly unit: string;
  readonly price: number;
};

const daysPerMonth = 30.4;
const daySeconds = 86_400;
const hoursPerMonth = daysPerMonth * 24;
/** No execution is billed for less. https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs */
const executionSecondsMin = 1;
/** An instance writes what it logged of predictions so often. */
const flushSeconds = 10;
/** Bytes of the log and its profiles for a prediction of some twenty columns, compressed. */
const predictionBytes = 150;
/** What stays of a run in the metadata store, with its index. */
const runKilobytes = 12;
const logCallKilobytes = 1;
const readsPerPerson = 200;
/** Bytes that Application Insights keeps of an invocation, or of a span. */
const telemetryBytes = 1_500;
/** As host.json has it: beyond, invocations are sampled. */
const telemetryPerSecondMax = 5;
const tracesPerMinuteMax = Number(settingDeclarations.CAIRN_TRACES_PER_MINUTE.default);
/** Reads, writes and messages of a call that logs, scores or lists, and of what it causes. */
const spansPerTrace = 12;
const queues = 5;
/** As host.json has it. */
const pollSeconds = 15;
const logAlerts = 4;
const metricAlerts = 4;
const privateEndpoints = 4;
const timerRuns = 24 * 60;
/** A message is sent, fetched and removed. */
const operationsOfMessage = 3;

/** What a month costs, a line for each thing that is billed. Estimated of list prices and measured use. */
export function monthlyCost(traffic: Traffic, shape: Shape, from: Prices = listPrices): CostItem[] {
  const day = useOfDay(traffic);
  const items = [
    ...functionsCost(traffic, shape, from, day),
    ...cosmosCost(traffic, shape, from, day),
    ...storageCost(traffic, shape, from, day),
    ...otherCost(traffic, shape, from, day),
  ];
  return items.filter(({ quantity }) => quantity > 0);
}

type DayUse = Use & { readonly calls: number };

function useOfDay(traffic: Traffic): DayUse {
  const { runs, logCallsPerRun, filesPerRun, versions, endpoints, predictions, batchRows, people } = traffic;
  const flushes = Math.min(predictions, (traffic.hours * 3600) / flushSeconds);
  const amounts: Readonly<Record<keyof typeof measured, number>> = {
    idleHour: 24,
    run: runs,
    logCall: runs * logCallsPerRun,
    artifact: runs * filesPerRun,
    search: people * readsPerPerson,
    version: versions,
    predictionFlush: predictions > 0 ? flushes : 0,
    batchJobOf100kRows: batchRows / 100_000,
    endpointHour: endpoints * 24,
  };
  const kinds = Object.keys(amounts) as (keyof typeof measured)[];
  const total = (of: keyof Use) => kinds.reduce((sum, kind) => sum + amounts[kind] * measured[kind][of], 0);
  return {
    requestUnits: total('requestUnits'),
    blobWrites: total('blobWrites'),
    blobReads: total('blobReads'),
    messages: total('messages'),
    calls: runs * (3 + logCallsPerRun + filesPerRun) + versions * 5 + predictions + people * readsPerPerson,
  };
}

/**
 * Seconds of a day in which an instance for calls is billed. Calls that come by chance, λ a second, and are billed for
 * a second at least, keep it busy for a share 1 − e^−λ of the time (the busy periods of M/D/∞); and never for less
 * than their processor time.
 */
export function busySeconds(calls: number, hours: number, processorSeconds: number): number {
  const seconds = hours * 3600;
  const rate = calls / seconds;
  return Math.max(seconds * (1 - Math.exp(-rate * executionSecondsMin)), processorSeconds);
}

function functionsCost(traffic: Traffic, shape: Shape, { functions }: Prices, day: DayUse): CostItem[] {
  const gigabytes = shape.instanceMb / 1024;
  const processor = (traffic.predictions * traffic.predictionMilliseconds + day.calls * 5) / 1000;
  const http = busySeconds(day.calls, traffic.hours, processor) * daysPerMonth * gigabytes;
  const background = (timerRuns + day.messages) * executionSecondsMin * daysPerMonth * gigabytes;
  const executions = (day.calls + day.messages + timerRuns) * daysPerMonth;
  const isReady = shape.alwaysReady > 0;
  const onDemand = background + (isReady ? 0 : http);
  const of = item('Functions');
  return [
    of(
      'execution on demand',
      onDemand,
      'GB-s',
      beyond(onDemand, functions.gbSecondsFree),
      functions.gbSecond,
    ),
    of(
      'executions',
      executions,
      'executions',
      beyond(executions, functions.executionsFree),
      functions.millionExecutions / 1e6,
    ),
    of(
      'always ready',
      isReady ? shape.alwaysReady * daySeconds * daysPerMonth * gigabytes : 0,
      'GB-s',
      undefined,
      functions.alwaysReadyBaselineGbSecond,
    ),
    of('execution always ready', isReady ? http : 0, 'GB-s', undefined, functions.alwaysReadyGbSecond),
  ];
}

function cosmosCost(
  { runs, logCallsPerRun, keptDays }: Traffic,
  shape: Shape,
  { cosmos }: Prices,
  day: DayUse,
) {
  const of = item('Cosmos DB');
  const factor = shape.zoneRedundant ? cosmos.zoneRedundantFactor : 1;
  const requestUnits = day.requestUnits * daysPerMonth;
  const kilobytes = runs * (runKilobytes + logCallsPerRun * logCallKilobytes) * keptDays;
  const stored = of('stored', kilobytes / 1024 ** 2, 'GB', undefined, cosmos.gbMonth);
  if (shape.capacity === 'serverless')
    return [
      of('request units', requestUnits, 'RU', undefined, (cosmos.millionRequestUnits / 1e6) * factor),
      stored,
    ];
  // Autoscale bills each hour its highest second, and a tenth of the most at least; half of it is taken here.
  const mean = day.requestUnits / daySeconds;
  const billed = Math.min(
    shape.requestUnitsMax,
    Math.max(shape.requestUnitsMax / 10, mean > shape.requestUnitsMax / 10 ? shape.requestUnitsMax / 2 : 0),
  );
  return [
    of(
      'autoscale',
      (billed / 100) * hoursPerMonth,
      '100 RU/s-hours',
      undefined,
      cosmos.autoscale100RequestUnitsHour * factor,
    ),
    stored,
  ];
}

function storageCost(traffic: Traffic, shape: Shape, { storage }: Prices, day: DayUse): CostItem[] {
  const of = item('Storage');
  const perDay = traffic.runs * traffic.megabytesPerRun + (traffic.predictions * predictionBytes) / 1e6;
  const polls = (queues * daySeconds) / pollSeconds;
  const operations = (day.messages * operationsOfMessage + polls) * daysPerMonth;
  const price = shape.zoneRedundant ? storage.zoneRedundantGbMonth : storage.gbMonth;
  return [
    of('stored', (perDay * traffic.keptDays) / 1024, 'GB', undefined, price),
    of('writes', day.blobWrites * daysPerMonth, 'operations', undefined, storage.tenThousandWrites / 1e4),
    of('reads', day.blobReads * daysPerMonth, 'operations', undefined, storage.tenThousandReads / 1e4),
    of('queues', operations, 'operations', undefined, storage.tenThousandQueueOperations / 1e4),
  ];
}

function otherCost(traffic: Traffic, shape: Shape, of: Prices, day: DayUse): CostItem[] {
  const { logs, eventGrid, keyVault, network } = of;
  const invocations = day.calls + day.messages + timerRuns;
  const kept = Math.min(invocations, telemetryPerSecondMax * daySeconds);
  const spans = Math.min(day.calls, tracesPerMinuteMax * 1440) * spansPerTrace;
  const gigabytes = ((kept + spans) * telemetryBytes * daysPerMonth) / 1e9;
  const uploads = Math.ceil(traffic.batchRows / 1e6) * daysPerMonth;
  const isPrivate = shape.network === 'private';
  return [
    item('Monitoring')('logs', gigabytes, 'GB', beyond(gigabytes, logs.gbFree), logs.gb),
    item('Monitoring')(
      'alert rules on logs',
      shape.alerts ? logAlerts : 0,
      'rules',
      undefined,
      logs.logAlertMonth,
    ),
    item('Monitoring')(
      'alert rules on metrics',
      shape.alerts ? metricAlerts : 0,
      'rules',
      undefined,
      logs.metricAlertMonth,
    ),
    item('Event Grid')(
      'events',
      uploads,
      'operations',
      beyond(uploads, eventGrid.operationsFree),
      eventGrid.millionOperations / 1e6,
    ),
    // A signature each five minutes at most, and one for each version.
    item('Key Vault')(
      'operations',
      (288 + traffic.versions * 4) * daysPerMonth,
      'operations',
      undefined,
      keyVault.tenThousandOperations / 1e4,
    ),
    item('Network')(
      'private endpoints',
      isPrivate ? privateEndpoints * hoursPerMonth : 0,
      'hours',
      undefined,
      network.privateEndpointHour,
    ),
    item('Network')('DNS zones', isPrivate ? privateEndpoints : 0, 'zones', undefined, network.dnsZoneMonth),
  ];
}

const beyond = (quantity: number, free: number) => Math.max(0, quantity - free);

/** A line of a service: what is used, and of how much of it what a unit costs is paid. */
function item(service: string) {
  return (
    name: string,
    quantity: number,
    unit: string,
    paid: number | undefined,
    unitPrice: number,
  ): CostItem => ({
    service,
    item: name,
    quantity,
    unit,
    price: (paid ?? quantity) * unitPrice,
  });
}
