import { describe, expect, test } from 'vitest';
import { failure, trackingApi } from './support.ts';

const { post, get, newRun, data } = trackingApi();

describe('a run', () => {
  test('gives what was logged, NaN and infinities included', async () => {
    const id = await newRun();
    const batch = {
      run_id: id,
      metrics: [
        { key: 'loss', value: 0.5, timestamp: 10, step: 1 },
        { key: 'nan', value: 'NaN', timestamp: 10 },
        { key: 'inf', value: '-Infinity', timestamp: 10, step: '2' },
      ],
      params: [
        { key: 'depth', value: '4' },
        { key: '__proto__', value: 'safe' },
      ],
      tags: [{ key: 'note', value: '' }],
    };
    expect((await post('runs/log-batch', batch)).body).toEqual({});
    const got = await data(id);
    expect(got['metrics']).toEqual([
      { key: 'loss', value: 0.5, timestamp: 10, step: 1 },
      { key: 'nan', value: 'NaN', timestamp: 10, step: 0 },
      { key: 'inf', value: '-Infinity', timestamp: 10, step: 2 },
    ]);
    expect(got['params']).toEqual(batch.params);
    expect(got['tags']).toContainEqual({ key: 'note', value: '' });
  });

  test('has the latest value by step, then timestamp, then value', async () => {
    const id = await newRun();
    for (const [step, timestamp, value] of [
      [5, 1, 0.1],
      [4, 9, 0.2],
      [5, 3, 0.3],
      [5, 3, 0.25],
      [-1, 99, 7],
    ])
      await post('runs/log-metric', { run_id: id, key: 'm', value, timestamp, step });
    expect((await data(id))['metrics']).toEqual([{ key: 'm', value: 0.3, timestamp: 3, step: 5 }]);
  });

  test('has nothing more by a repeated call', async () => {
    const id = await newRun();
    const call = {
      run_id: id,
      metrics: [{ key: 'm', value: 1, timestamp: 1, step: 1 }],
      tags: [{ key: 't', value: 'x' }],
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('runs/log-batch', call)));
    expect(answers.map((a) => a.status)).toEqual(Array(8).fill(200));
    const history = await get(`metrics/get-history?run_id=${id}&metric_key=m`);
    expect(history.body['metrics']).toEqual([{ key: 'm', value: 1, timestamp: 1, step: 1 }]);
  });

  test('refuses a changed param, and with it everything else of its call', async () => {
    const id = await newRun();
    await post('runs/log-parameter', { run_id: id, key: 'z', value: '1' });
    const refused = await post('runs/log-batch', {
      run_id: id,
      params: [
        { key: 'z', value: '2' },
        { key: 'y', value: '3' },
      ],
      metrics: [{ key: 'm', value: 1, timestamp: 1 }],
    });
    expect(refused).toMatchObject(
      failure(
        400,
        'INVALID_PARAMETER_VALUE',
        /^Changing param values is not allowed. Params were already logged='/,
      ),
    );
    const alone = await post('runs/log-parameter', { run_id: id, key: 'z', value: '2' });
    expect(alone).toMatchObject(
      failure(
        400,
        'INVALID_PARAMETER_VALUE',
        `Changing param values is not allowed. Param with key='z' was already logged with value='1' for run ID='${id}'. Attempted logging new value '2'.`,
      ),
    );
    expect(await data(id)).toMatchObject({ params: [{ key: 'z', value: '1' }] });
    expect((await data(id))['metrics']).toBeUndefined();
  });
});
