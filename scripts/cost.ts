/** `make cost`: what a month costs, by what a day is expected to bring. */
import { readFile } from 'node:fs/promises';
import { endWith, optionsOf } from './command-line.ts';
import {
  type CostItem,
  listPrices,
  monthlyCost,
  noTraffic,
  type Prices,
  pricesOf,
  shapeDefault,
  trafficDefault,
} from './cost/estimate.ts';

const { region, stated } = listPrices;
const usage = `Usage: make cost [ARGS="--predictions 1000000 …"]

What a day brings (in brackets what is taken unless told):
  --idle                   nothing at all
  --runs N                 training runs [${trafficDefault.runs}]
  --log-calls N            calls of log-metric or log-batch of each run [${trafficDefault.logCallsPerRun}]
  --files N                files that each run logs [${trafficDefault.filesPerRun}]
  --megabytes N            size of them together [${trafficDefault.megabytesPerRun}]
  --versions N             model versions registered [${trafficDefault.versions}]
  --endpoints N            endpoints that stand, each watched by a monitor [${trafficDefault.endpoints}]
  --predictions N          calls of endpoints [${trafficDefault.predictions}]
  --prediction-ms N        processor time of each [${trafficDefault.predictionMilliseconds}]
  --batch-rows N           rows scored in files [${trafficDefault.batchRows}]
  --people N               people who look at pages [${trafficDefault.people}]
  --hours N                hours of the day in which all this comes [${trafficDefault.hours}]
  --kept-days N            how long runs, files and predictions are kept [${trafficDefault.keptDays}]
How it is deployed:
  --instance-mb N          512, 2048 or 4096 [${shapeDefault.instanceMb}]
  --always-ready N         instances for calls that never go [${shapeDefault.alwaysReady}]
  --autoscale N            Cosmos DB with at most so many request units a second [serverless]
  --private                network with private endpoints
  --alerts                 rules that tell somebody
  --zone-redundant         storage and metadata in three zones
  --prices FILE            your prices, in the form of scripts/cost/prices.json
  --json                   the lines as JSON

Prices: ${region}, ${stated}. Use is measured on the local stack.`;

const number = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const given = optionsOf(usage, {
  idle: flag,
  runs: number,
  'log-calls': number,
  files: number,
  megabytes: number,
  versions: number,
  endpoints: number,
  predictions: number,
  'prediction-ms': number,
  'batch-rows': number,
  people: number,
  hours: number,
  'kept-days': number,
  'instance-mb': number,
  'always-ready': number,
  autoscale: number,
  private: flag,
  alerts: flag,
  'zone-redundant': flag,
  prices: { type: 'string' },
  json: flag,
});

type NumberOption = {
  [Name in keyof typeof given]-?: (typeof given)[Name] extends string | undefined ? Name : never;
}[keyof typeof given];

/** A number of the command line, which nothing under `least` is. */
function count(name: Exclude<NumberOption, 'prices'>, otherwise: number, least = 0, most = 1e12): number {
  const text = given[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  endWith(`--${name} must be a number from ${least} to ${most}, and is '${text}'.`);
}

const basis = given.idle ? noTraffic : trafficDefault;
const traffic = {
  runs: count('runs', basis.runs),
  logCallsPerRun: count('log-calls', basis.logCallsPerRun),
  filesPerRun: count('files', basis.filesPerRun),
  megabytesPerRun: count('megabytes', basis.megabytesPerRun),
  versions: count('versions', basis.versions),
  endpoints: count('endpoints', basis.endpoints),
  predictions: count('predictions', basis.predictions),
  predictionMilliseconds: count('prediction-ms', basis.predictionMilliseconds),
  batchRows: count('batch-rows', basis.batchRows),
  people: count('people', basis.people),
  hours: count('hours', basis.hours, 0.1, 24),
  keptDays: count('kept-days', basis.keptDays, 1, 36_500),
};
const requestUnitsMax = count('autoscale', 0, 1000);
if (requestUnitsMax % 1000 > 0) endWith(`--autoscale goes by thousands, and is ${requestUnitsMax}.`);
const instanceMb = count('instance-mb', shapeDefault.instanceMb);
if (![512, 2048, 4096].includes(instanceMb))
  endWith(`--instance-mb must be 512, 2048 or 4096, and is ${instanceMb}.`);
const shape = {
  ...shapeDefault,
  instanceMb,
  alwaysReady: count('always-ready', shapeDefault.alwaysReady, 0, 1000),
  capacity: requestUnitsMax > 0 ? ('autoscale' as const) : ('serverless' as const),
  requestUnitsMax,
  alerts: given.alerts,
  network: given.private ? ('private' as const) : ('public' as const),
  zoneRedundant: given['zone-redundant'],
};
const prices = given.prices === undefined ? listPrices : await readPrices(given.prices);
const items = monthlyCost(traffic, shape, prices);
process.stdout.write(given.json ? `${JSON.stringify(items, undefined, 2)}\n` : report(items));

async function readPrices(file: string): Promise<Prices> {
  const text = await readFile(file, 'utf8').catch((error: Error) =>
    endWith(`--prices ${file} cannot be read: ${error.message}`),
  );
  try {
    return pricesOf(JSON.parse(text));
  } catch (error) {
    endWith(`--prices ${file}: ${(error as Error).message}`);
  }
}

function report(lines: readonly CostItem[]): string {
  const money = (amount: number) => amount.toFixed(2).padStart(10);
  const amount = (quantity: number) =>
    quantity.toLocaleString('en', { maximumSignificantDigits: 4 }).padStart(14);
  const rows = lines.map(
    ({ service, item, quantity, unit, price }) =>
      `${service.padEnd(12)} ${item.padEnd(24)} ${amount(quantity)} ${unit.padEnd(15)} ${money(price)}`,
  );
  const total = lines.reduce((sum, { price }) => sum + price, 0);
  return [
    `A month, in ${prices.currency} (${prices.region}; ${prices.stated}):`,
    '',
    ...rows,
    '',
    `${'all of it'.padEnd(68)} ${money(total)}`,
    '',
  ].join('\n');
}
