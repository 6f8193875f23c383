import { describe, expect, test } from 'vitest';
import {
  defaultSettings,
  severities as allSeverities,
  signalDefaults,
  signalNames,
} from '../../shared/monitoring/index.ts';
import { driftPresets } from '../../shared/stats/index.ts';
import { usual } from '../../web/src/monitors/draft.ts';
import { metrics, presetWords, severities, signals } from '../../web/src/monitors/words.ts';

describe('the pages of a monitor know', () => {
  test('every signal, severity and preset', () => {
    expect(signals.toSorted()).toEqual(signalNames.toSorted());
    expect(severities).toEqual(allSeverities);
    expect(Object.keys(presetWords)).toEqual([...driftPresets]);
  });

  test.each(signalNames)(
    'the figures of %s, which bounds they have, and whether they can be learnt',
    (name) => {
      const shown = Object.entries(metrics[name]).map(([metric, { bounds, isLearnt }]) => [
        metric,
        bounds,
        isLearnt,
      ]);
      const held = Object.entries(signalDefaults[name].metrics).map(([metric, { bounds, isLearnt }]) => [
        metric,
        bounds,
        isLearnt,
      ]);
      expect(shown).toEqual(held);
    },
  );

  test('what holds where nothing is set', () => {
    const { alerting } = defaultSettings;
    expect(usual).toEqual({
      windowMinutes: String(defaultSettings.windowSeconds / 60),
      everyMinutes: String(defaultSettings.everySeconds / 60),
      offsetMinutes: String(defaultSettings.offsetSeconds),
      minRows: String(defaultSettings.minRows),
      minLabelled: String(defaultSettings.minLabelled),
      labelDelayHours: String(defaultSettings.maxLabelDelaySeconds / 3600),
      breaches: String(alerting.breaches),
      of: String(alerting.of),
      clear: String(alerting.clear),
      hysteresis: String(alerting.hysteresis),
      cooldownHours: String(alerting.cooldownSeconds / 3600),
      sigmas: '3',
      windows: '10',
    });
  });
});
