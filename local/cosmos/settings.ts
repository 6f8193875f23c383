import type { EmulatorOptions } from './emulator.ts';

type Settings = Readonly<Record<string, string | undefined>>;

/**
 * The emulator's options from settings: `CAIRN_COSMOS_DATA` (a folder; empty for memory), `CAIRN_COSMOS_LATENCY_MS`,
 * `CAIRN_COSMOS_RU` or `CAIRN_COSMOS_RU_PER_SECOND`, `CAIRN_COSMOS_RANGES` and `CAIRN_COSMOS_STALE_READS` (1 or true).
 *
 * @throws Error that names the setting that is not valid
 */
export function optionsFrom(settings: Settings): EmulatorOptions {
  const latencyMs = number(settings, 'CAIRN_COSMOS_LATENCY_MS');
  const units = number(settings, 'CAIRN_COSMOS_RU') ?? number(settings, 'CAIRN_COSMOS_RU_PER_SECOND');
  const ranges = number(settings, 'CAIRN_COSMOS_RANGES');
  const stale = settings['CAIRN_COSMOS_STALE_READS'];
  return {
    data: settings['CAIRN_COSMOS_DATA'] || null,
    staleReads: stale === '1' || stale === 'true',
    ...(latencyMs !== undefined && { latencyMs }),
    ...(units !== undefined && { requestUnitsPerSecond: units }),
    ...(ranges !== undefined && { ranges: checkRanges(ranges) }),
  };
}

/** @throws Error where it is not a whole number from 1 to 64 */
export function checkRanges(ranges: number): number {
  if (Number.isInteger(ranges) && ranges >= 1 && ranges <= 64) return ranges;
  throw new Error(`The number of physical ranges must be a whole number from 1 to 64, not ${ranges}.`);
}

/** `8`, `8.5` or `8ms` as milliseconds; undefined where the text is none of these. */
export function parseMilliseconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:ms)?$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

function number(settings: Settings, name: string): number | undefined {
  const text = settings[name];
  if (text === undefined || text === '') return undefined;
  const value = parseMilliseconds(text);
  if (value === undefined) throw new Error(`The setting ${name} must be a number, not '${text}'.`);
  return value;
}
