import { gunzipSync, gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  type Pace,
  planJob,
  scoreChunk,
  submitBlob,
  submitJob,
} from '../../shared/batch/index.ts';
import type { AskedOptions } from '../../shared/batch/options.ts';
import { readChunk, readFiles } from '../../shared/batch/store.ts';
import type { Context } from '../../shared/context.ts';
import { type ElementType, linearRegressor, type Value, writeModel } from '../../shared/onnx/index.ts';
import { deployAll, deploySigned, echo } from '../serving/asking.ts';
import { classifier } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { pace, runJob } from './support.ts';

const tensor = (name: string, elementType: ElementType, shape: (number | string)[]): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape,
});

/** Gives each of its inputs back as `<name>-out`. */
const mirror = (inputs: Readonly<Record<string, [ElementType, (number | string)[]]>>): Uint8Array =>
  writeModel({
    graph: {
      inputs: Object.entries(inputs).map(([name, of]) => tensor(name, ...of)),
      outputs: Object.entries(inputs).map(([name, of]) => tensor(`${name}-out`, ...of)),
      nodes: Object.keys(inputs).map((name) => ({
        op: 'Identity',
        inputs: [name],
        outputs: [`${name}-out`],
      })),
    },
  });

/** Takes 0, 1 and 2, and fails as a whole on anything else; its second size is free. */
const choosy = writeModel({
  graph: {
    inputs: [tensor('x', 'float32', ['n', 'm'])],
    outputs: [tensor('y', 'float32', ['n', 'm'])],
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['at'], attributes: { to: { int: 7 } } },
      { op: 'Gather', inputs: ['known', 'at'], outputs: ['y'] },
    ],
    initializers: [{ name: 'known', type: 'float32', shape: [3], data: Float32Array.of(10, 11, 12) }],
  },
});

/** As skl2onnx exports KMeans: the nearest centre, and how far each of them is. */
const clusters = writeModel({
  graph: {
    inputs: [tensor('distances', 'float32', ['', 3])],
    outputs: [tensor('label', 'int64', ['']), tensor('scores', 'float32', ['', 3])],
    nodes: [
      {
        op: 'ArgMin',
        inputs: ['distances'],
        outputs: ['label'],
        attributes: { axis: { int: 1 }, keepdims: { int: 0 } },
      },
      { op: 'Identity', inputs: ['distances'], outputs: ['scores'] },
    ],
  },
});

const dated = mirror({
  when: ['int64', ['n', 1]],
  is: ['bool', ['n', 1]],
  maybe: ['float64', ['n', 1]],
});

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
  await deployAll(server, {
    iris: classifier(),
    mixed: mirror({ text: ['string', ['n', 1]], count: ['int64', ['n', 1]] }),
    vectors: mirror({ a: ['float32', ['n', 1]], b: ['float32', ['n', 2]] }),
    single: echo('float32', [1, 2]),
    triple: echo('float32', [3, 2]),
    free: echo('float32', ['n', 'm']),
    pair: echo('float32', ['n', 2]),
    doubles: echo('float64', ['n', 2]),
    numbered: classifier(0, [7, 8, 9]),
    clusters,
    choosy,
  });
  await deploySigned(server, 'dated', dated, {
    inputs: [
      { name: 'when', type: 'datetime', required: true },
      { name: 'is', type: 'boolean', required: true },
      { name: 'maybe', type: 'double', required: false },
    ],
  });
  await deploySigned(
    server,
    'counted',
    linearRegressor({ features: ['a', 'b'], coefficients: [1, 10], intercept: 0 }),
    {
      inputs: [
        { name: 'a', type: 'long', required: true },
        { name: 'b', type: 'double', required: true },
      ],
    },
  );
}, 180_000);
afterAll(() => server.close());

let files = 0;

type Asked = { readonly asked?: AskedOptions; readonly use?: Pace };

/** Asks for a file to be scored, with small chunks and blocks, and waits for what becomes of it. */
async function scored(endpoint: string, name: string, content: string | Buffer, how: Asked = {}) {
  const folder = `${endpoint}/${++files}`;
  const blobs = ctx.stores.blobs('batch-input');
  await blobs.write(`${folder}/${name}`, Buffer.from(content));
  const { job: begun } = await submitJob(ctx, {
    endpoint,
    input: { container: 'batch-input', name: `${folder}/${name}`, isPrefix: false },
    ...(how.asked ? { options: how.asked } : {}),
  });
  const job = await runJob(ctx, begun, how.use ?? pace({ chunkBytes: 40, rowsAtOnce: 3, partBytes: 50 }));
  return { job, ...(await written(job)) };
}

async function written(job: BatchJob) {
  const [file] = await readFiles(ctx, job.jobId);
  const read = async (name = '') => ctx.stores.blobs('batch-output').read(name);
  const bytes = await read(file?.output);
  const errors = await read(file?.errors);
  return {
    output: file?.output.slice(file.output.lastIndexOf('/') + 1),
    bytes,
    text: bytes?.toString(),
    failure: job.status === 'failed' ? job.failure : undefined,
    errors: errors
      ?.toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  };
}

const rowsOf = (bytes?: Buffer) => parquetReadObjects({ file: new Uint8Array(bytes ?? []).buffer });

const rows = (text = '') => text.trimEnd().split('\n');

describe('CSV', () => {
  const table = (delimiter: string) =>
    ['id,length,width,höhe', '"a,b;c",1,2,3', '2,4,5,6', '3,7,8,9']
      .map((line, i) => (i === 1 ? `"x"${line.slice(7)}` : line).replaceAll(',', delimiter))
      .join('\n');

  test.each([',', ';', '\t', '|'])(
    'is read with %j between its columns, and written so',
    async (delimiter) => {
      const { text } = await scored('iris', 'data.csv', table(delimiter));
      const plain = await scored('iris', 'data.csv', table(','));
      expect(text).toBe(plain.text?.replaceAll(',', delimiter));
      expect(rows(text)).toHaveLength(4);
    },
  );

  test('is read with what the options say, and written with another', async () => {
    const { text } = await scored('iris', 'data.csv', 'length~width~höhe~id\n1~2~3~"a,~b"\n', {
      asked: { delimiter: '~', output: { delimiter: ',' } },
    });
    expect(text).toMatch(/^length,width,höhe,id,prediction,score\n1,2,3,"a,~b",\w+,[\d.]+\n$/);
  });

  test('whose delimiter nobody can tell fails with what was tried', async () => {
    expect((await scored('iris', 'data.csv', 'id~length~width~höhe\n1~2~3~4\n')).failure).toMatchObject({
      code: 'bad-input',
      row: 0,
      column: 'length',
      reason: expect.stringContaining("read with ',' between the columns") as string,
    });
    expect((await scored('iris', 'data.csv', 'a', { asked: { delimiter: '5' } })).failure).toMatchObject({
      value: '5',
    });
  });

  test('whose output would have too long a name to be asked for is refused', async () => {
    const { failure } = await scored('iris', `${'n'.repeat(860)}.csv`, 'length,width,höhe\n1,2,3\n');
    expect(failure).toMatchObject({ reason: expect.stringContaining('over 900 bytes') as string });
  });

  test('whose header no document holds is refused', async () => {
    const header = `length,width,höhe,"${'"'.repeat(600_000)}"`;
    const { failure } = await scored('iris', 'data.csv', `${header}\n1,2,3,4\n`);
    expect(failure).toMatchObject({
      row: 0,
      reason: expect.stringContaining('names of the 4 columns') as string,
    });
  });

  test('of a model that names no column is read by its width, and .tsv prefers tabs', async () => {
    expect((await scored('pair', 'data.csv', 'a;b\n1;2\n')).text).toBe(
      'a;b;y\n1;2;"[1,2]"\n'.replaceAll('"', ''),
    );
    expect((await scored('free', 'data.tsv', 'a\tb,c\n1\t2\n')).text).toBe('a\tb,c\ty\n1\t2\t[1,2]\n');
    expect((await scored('pair', 'data.csv', 'a,b,c\n1,2,3\n')).failure?.reason).toContain('takes 2 columns');
  });

  test('of a model that names no column takes of a frame of pandas all but its index', async () => {
    const columnData = ['a', '__index_level_0__', 'b'].map((name, at) => ({ name, data: [at, at + 1] }));
    const file = Buffer.from(parquetWriteBuffer({ columnData }));
    const { text } = await scored('pair', 'data.parquet', file, { asked: { output: { format: 'csv' } } });
    expect(rows(text)).toEqual(['a,__index_level_0__,b,y', '0,1,2,"[0,2]"', '1,2,3,"[1,3]"']);
  });

  test.each<[string, AskedOptions['output'], string]>([
    ['nothing', { join: 'none' }, 'prediction,score'],
    ['some columns', { join: ['note', 'id'] }, 'note,id,prediction,score'],
    [
      'all and the probabilities',
      { probabilities: true },
      'id,length,width,höhe,note,prediction,score,probability_setosa,probability_versicolor,probability_virginica',
    ],
  ])('is joined with %s', async (_, output, header) => {
    const { text } = await scored('iris', 'data.csv', 'id,length,width,höhe,note\n007,1,2,3,"a ""b"""\n', {
      ...(output ? { asked: { output } } : {}),
    });
    expect(rows(text)[0]).toBe(header);
    expect(rows(text)).toHaveLength(2);
  });

  test('keeps a table when columns are picked, and says which are not there', async () => {
    const some = await scored('iris', 'data.csv', 'id,length,width,höhe,note\n007,1,2,3,"a ""b"""\n', {
      asked: { output: { join: ['note', 'id'] } },
    });
    expect(rows(some.text)[1]).toMatch(/^"a ""b""",007,\w+,[\d.]+$/);
    const { failure } = await scored('iris', 'data.csv', 'length,width,höhe\n1,2,3\n', {
      asked: { output: { join: ['nope'] } },
    });
    expect(failure).toMatchObject({ code: 'bad-input', column: 'nope' });
  });
});

describe('models', () => {
  test('of text and whole numbers take both from CSV, exactly', async () => {
    const text = 'count,text,id\n9007199254740993,"a ""b"", c",1\n-1,ç,2\n';
    const { text: output } = await scored('mixed', 'data.csv', text);
    expect(output).toBe(
      'count,text,id,text-out,count-out\n9007199254740993,"a ""b"", c",1,"a ""b"", c",9007199254740993\n-1,ç,2,ç,-1\n',
    );
  });

  test('of doubles take every digit from CSV', async () => {
    const { text } = await scored('doubles', 'data.csv', 'a,b\n0.1,1234567.8901234567\n');
    expect(rows(text)[1]).toBe('0.1,1234567.8901234567,"[0.1,1234567.8901234567]"');
  });

  test('whose classes are whole numbers predict such', async () => {
    const lines = '{"length":-4,"width":-4,"höhe":3}\n{"length":4,"width":0,"höhe":3}\n';
    const asJson = await scored('numbered', 'data.jsonl', lines, { asked: { output: { join: 'none' } } });
    expect(rows(asJson.text).map((line) => (JSON.parse(line) as { prediction: unknown }).prediction)).toEqual(
      [9, 7],
    );
    const asParquet = await scored('numbered', 'data.jsonl', lines, {
      asked: { output: { format: 'parquet' } },
    });
    expect((await rowsOf(asParquet.bytes)).map(({ prediction }) => prediction)).toEqual([9n, 7n]);
  });

  test('make of text columns of Parquet what they take', async () => {
    const asked: AskedOptions = { output: { format: 'parquet' } };
    const dates = 'when,is,maybe,id\n2024-05-31T08:00:00,True,,1\n';
    const { bytes } = await scored('dated', 'data.csv', dates, { asked });
    expect(await rowsOf(bytes)).toMatchObject([
      { when: '2024-05-31T08:00:00', is: true, maybe: null, id: '1' },
    ]);
    const counts = await scored('counted', 'data.csv', 'a,b,c\n3.0,0.5,\n', { asked });
    expect(await rowsOf(counts.bytes)).toMatchObject([{ a: 3n, b: 0.5, c: null }]);
    const exact = await scored('mixed', 'data.jsonl', '{"count":9007199254740993,"text":"7"}\n', { asked });
    expect(await rowsOf(exact.bytes)).toMatchObject([{ count: 9007199254740993n, text: '7' }]);
  });

  test('of clusters keep the names of their outputs, and are counted by their clusters', async () => {
    const { job, text } = await scored('clusters', 'data.csv', 'a,b,c\n0.5,2,0.25\n1,2,3\n4,0,1\n');
    expect(text).toBe(
      'a,b,c,label,scores\n0.5,2,0.25,2,"[0.5,2,0.25]"\n1,2,3,0,"[1,2,3]"\n4,0,1,1,"[4,0,1]"\n',
    );
    const report =
      'report' in job ? await ctx.stores.blobs('batch-output').read(job.report ?? '') : undefined;
    expect(JSON.parse(String(report))).toMatchObject({
      profile: {
        predictions: { classes: ['0', '1', '2'].map((name) => expect.objectContaining({ name, rows: 1 })) },
      },
    });
  });

  test('of several inputs take lists from JSON Lines, and give lists back', async () => {
    const lines = [
      '{"a":1,"b":[1,2.5],"id":"x"}',
      ' {"b":[3,4], "a":2} ',
      '',
      '{"a":3,"b":[5,6],"more":{"z":[]}}',
    ];
    const { text, output } = await scored('vectors', 'data.jsonl', lines.join('\r\n'));
    expect(output).toBe('data.jsonl');
    expect(rows(text)).toEqual([
      '{"a":1,"b":[1,2.5],"id":"x","a-out":1,"b-out":[1,2.5]}',
      '{"b":[3,4], "a":2,"a-out":2,"b-out":[3,4]}',
      '{"a":3,"b":[5,6],"more":{"z":[]},"a-out":3,"b-out":[5,6]}',
    ]);
  });

  test('with one input without names take a list a row, of whatever size it leaves open', async () => {
    const { text } = await scored('free', 'data.ndjson', '[1,2]\n[3,4]\n[5]\n[6,7]\n');
    expect(rows(text)).toEqual([
      '{"x":[1,2],"y":[1,2]}',
      '{"x":[3,4],"y":[3,4]}',
      '{"x":[5],"y":[5]}',
      '{"x":[6,7],"y":[6,7]}',
    ]);
  });

  test.each(['single', 'triple'])(
    'that take so many rows at a time get all, the last filled up: %s',
    async (name) => {
      const count = 7;
      const lines = Array.from({ length: count }, (_, i) => `${i},${i / 2}`);
      const { text } = await scored(name, 'data.csv', `a,b\n${lines.join('\n')}\n`);
      expect(rows(text).slice(1)).toEqual(lines.map((line) => `${line},"[${line}]"`));
    },
  );

  test('with a signature take its types, and columns that may be missing', async () => {
    const { text } = await scored('dated', 'data.csv', 'when,is\n1970-01-01T00:00:01,true\n1970-01-01,0\n');
    expect(rows(text).slice(1)).toEqual([
      '1970-01-01T00:00:01,true,1000000000,true,NaN',
      '1970-01-01,0,0,false,NaN',
    ]);

    const { failure } = await scored('counted', 'data.csv', 'a,b\n1,2.5\n1.5,2\n');
    expect(failure).toMatchObject({ row: 2, column: 'a', value: '1.5' });
    expect(failure?.reason).toContain('a whole number');
    expect((await scored('counted', 'data.csv', 'a,b\n1,2.5\n2,\n')).text).toBe(
      'a,b,prediction,score\n1,2.5,26,26\n2,,NaN,NaN\n',
    );
  });

  test('that fail on values of some rows fail on these alone', async () => {
    const text = 'a,b\n0,1\n1,9\n2,2\n7,0\n0,0\n';
    const use = pace({ rowsAtOnce: 100 });
    const skipped = await scored('choosy', 'data.csv', text, {
      asked: { bad_rows: { policy: 'skip' } },
      use,
    });
    expect(rows(skipped.text).slice(1)).toEqual(['0,1,"[10,11]"', '2,2,"[12,12]"', '0,0,"[10,10]"']);
    expect(skipped.errors).toMatchObject([{ row: 2 }, { row: 4 }]);
    expect((await scored('choosy', 'data.csv', text, { use })).failure).toMatchObject({
      code: 'bad-input',
      row: 2,
    });
  });
});

describe('formats', () => {
  test('CSV becomes JSON Lines: numbers as they are spelled, nothing as null, all else as text', async () => {
    const { text, output } = await scored(
      'iris',
      'data.csv',
      'id,length,width,höhe\n007,1.50,2,\n,1e1,2,3\n',
      {
        asked: { output: { format: 'jsonl' } },
      },
    );
    expect(output).toBe('data.jsonl');
    expect(rows(text)).toEqual([
      expect.stringMatching(
        /^\{"id":"007","length":1\.50,"width":2,"höhe":null,"prediction":"\w+","score":null\}$/,
      ),
      expect.stringMatching(
        /^\{"id":null,"length":1e1,"width":2,"höhe":3,"prediction":"\w+","score":[\d.]+\}$/,
      ),
    ]);
  });

  test('JSON Lines become CSV with the columns of the first row', async () => {
    const lines = [
      '{"text":"a,\\"b","count":9007199254740993,"more":{"x":[1,true]}}',
      '{"count":2,"text":"ç"}',
      '{"count":3,"text":"c","new":1}',
    ].join('\n');
    const asked = (policy: 'skip' | 'null') => ({ output: { format: 'csv' as const }, bad_rows: { policy } });
    const { text, errors, output } = await scored('mixed', 'data.jsonl', lines, { asked: asked('null') });
    expect(output).toBe('data.csv');
    expect(rows(text)).toEqual([
      'text,count,more,text-out,count-out',
      '"a,""b",9007199254740993,"{""x"":[1,true]}","a,""b",9007199254740993',
      'ç,2,,ç,2',
      ',,,,',
    ]);
    expect(errors).toMatchObject([{ row: 3, column: 'new' }]);
  });

  test('a predicted name that the input has is refused, in every format', async () => {
    const csv = await scored('mixed', 'data.csv', 'count,text,text-out\n1,2,3\n');
    expect(csv.failure).toMatchObject({ row: 0, column: 'text-out' });
    const json = await scored('mixed', 'data.jsonl', '{"count":1,"text":"","count-out":1}');
    expect(json.failure).toMatchObject({ row: 0, column: 'count-out' });
    const later = await scored(
      'mixed',
      'data.jsonl',
      '{"count":1,"text":""}\n{"count":1,"text":"","count-out":1}',
    );
    expect(later.failure).toMatchObject({ row: 2, column: 'count-out' });
    const without = await scored('mixed', 'data.csv', 'count,text,text-out\n1,2,3\n', {
      asked: { output: { join: 'none' } },
    });
    expect(without.text).toBe('text-out,count-out\n2,1\n');
  });
});

describe('names', () => {
  const text = 'length,width,höhe\n1,2,3\n';
  const blobs = () => ctx.stores.blobs('batch-input');

  test('follow the format that options beside the file ask for', async () => {
    const name = `iris/${++files}/data.csv`;
    await blobs().write(`${name}.job.json`, Buffer.from('{"output": {"format": "jsonl"}}'));
    await blobs().write(name, Buffer.from(text));
    const job = await submitBlob(ctx, name);
    expect(job?.output.name).toMatch(/data\.csv$/);
    const done = job && (await runJob(ctx, job));
    expect(done).toMatchObject({
      status: 'succeeded',
      output: { name: expect.stringMatching(/data\.jsonl$/) as string },
    });
    expect(await ctx.stores.blobs('batch-output').read(done?.output.name ?? '')).toBeDefined();
  });

  test.each<[string, readonly string[], AskedOptions['output'], readonly string[]]>([
    ['apart', ['a.csv', 'a.tsv'], { format: 'jsonl' }, ['a.csv.jsonl', 'a.tsv.jsonl']],
    ['as they were', ['a.csv', 'b/a.csv'], { join: 'none' }, ['a.csv', 'b/a.csv']],
    ['as files of errors are called', ['a.csv', 'a.csv.errors.jsonl'], {}, []],
  ])('of several outputs stay %s', async (_, names, output, outputs) => {
    const folder = `iris/${++files}/`;
    for (const name of names)
      await blobs().write(
        folder + name,
        Buffer.from(name.endsWith('.tsv') ? text.replaceAll(',', '\t') : text),
      );
    const { job } = await submitJob(ctx, {
      endpoint: 'iris',
      input: { container: 'batch-input', name: folder, isPrefix: true },
      options: { output: output ?? {} },
    });
    const done = await runJob(ctx, job);
    const found: string[] = [];
    for await (const { name } of ctx.stores.blobs('batch-output').walk(job.output.name))
      found.push(name.slice(job.output.name.length));
    expect(found.toSorted()).toEqual(outputs);
    expect(done.status === 'failed' ? done.failure.reason : '').toMatch(
      outputs.length > 0 ? /^$/ : /one name/,
    );
  });
});

describe('bad rows', () => {
  const header = 'id,length,width,höhe';
  const bad: [string, Buffer][] = [
    ['1,2,three,4', Buffer.from('1,2,three,4')],
    ['1,2', Buffer.from('1,2')],
    ['1,2,3,4,5', Buffer.from('1,2,3,4,5')],
    ['a "b" c,1,2,3', Buffer.from('a "b" c,1,2,3')],
    ['not UTF-8', Buffer.from([0xff, 0x2c, 0x31, 0x2c, 0x32, 0x2c, 0x33])],
  ];
  const good = '0,1,2,3';
  const file = Buffer.concat([
    Buffer.from(`${header}\n${good}\n`),
    ...bad.flatMap(([, line]) => [line, Buffer.from(`\n${good}\n`)]),
  ]);

  test('of CSV are left out, or stand there as rows of a table without a prediction', async () => {
    for (const output of [{}, { delimiter: ';' }, { join: [...header.split(',')] }]) {
      const delimiter = 'delimiter' in output ? ';' : ',';
      const skipped = await scored('iris', 'data.csv', file, {
        asked: { output, bad_rows: { policy: 'skip' } },
      });
      expect(new Set(rows(skipped.text).slice(1)).size).toBe(1);
      expect(rows(skipped.text)).toHaveLength(7);
      expect(skipped.job).toMatchObject({ totals: { rows: 6, bad: 5 } });
      const kept = await scored('iris', 'data.csv', file, {
        asked: { output, bad_rows: { policy: 'null' } },
      });
      const lines = rows(kept.text).filter((_, i) => i > 0 && i % 2 === 0);
      expect(lines).toEqual(
        ['1,2,three,4,,', '1,2,,,,', '1,2,3,4,,', '"a ""b"" c",1,2,3,,', '\uFFFD,1,2,3,,'].map((line) =>
          line.replaceAll(',', delimiter),
        ),
      );
      expect(kept.errors).toEqual(skipped.errors);
      expect(kept.errors).toMatchObject([
        { row: 2, column: 'width', value: 'three' },
        { row: 4 },
        { row: 6 },
        { row: 8 },
        { row: 10 },
      ]);
    }
  });

  test('of JSON Lines are told by their numbers, each with its reason', async () => {
    const lines = [
      '{"text":"a","count":1}',
      '{"text":"a","count":1.5}',
      'oops {',
      '{"text":null,"count":1}',
      '[1]',
      '7',
      '{"count":2,"text":"b"}',
    ];
    const kept = await scored('mixed', 'data.jsonl', lines.join('\n'), {
      asked: { bad_rows: { policy: 'null' } },
    });
    expect(rows(kept.text)).toEqual([
      '{"text":"a","count":1,"text-out":"a","count-out":1}',
      '{"text":"a","count":1.5,"text-out":null,"count-out":null}',
      '{"text-out":null,"count-out":null}',
      '{"text":null,"count":1,"text-out":null,"count-out":null}',
      '{"text-out":null,"count-out":null}',
      '{"text-out":null,"count-out":null}',
      '{"count":2,"text":"b","text-out":"b","count-out":2}',
    ]);
    expect(kept.errors).toMatchObject([
      { row: 2, column: 'count', value: '1.5' },
      { row: 3, reason: 'The row is not JSON' },
      { row: 4, column: 'text', reason: expect.stringContaining('missing') as string },
      { row: 5 },
      { row: 6 },
    ]);
    const use = pace({ rowsAtOnce: 100 });
    const failed = await scored('mixed', 'data.jsonl', lines.join('\n'), { use });
    expect(failed.failure).toMatchObject({ code: 'bad-input', row: 2, column: 'count', value: '1.5' });
  });

  test('of JSON Lines are looked for at the beginning, not behind blank lines without end', async () => {
    const blank = gzipSync('\n'.repeat(3 << 20));
    const { failure } = await scored('mixed', 'data.jsonl.gz', blank);
    expect(failure).toMatchObject({ reason: 'The first 1048576 bytes of the file are blank lines' });
  });

  test('of JSON Lines may be nested without end, and have keys of any size', async () => {
    const deep = `{"text":"a","count":1,"x":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const long = `{"text":"a","count":1,"${'k'.repeat(5000)}":1}`;
    const { text, errors } = await scored(
      'mixed',
      'data.jsonl',
      `{"text":"a","count":1}\n${deep}\n${long}\n`,
      {
        asked: { output: { format: 'csv' }, bad_rows: { policy: 'skip' } },
      },
    );
    expect(rows(text)).toHaveLength(2);
    expect(errors).toMatchObject([
      { row: 2, reason: 'The row is nested over 500 levels deep' },
      { row: 3, column: expect.stringMatching(/^k{200}…$/) as string },
    ]);
  });

  test('do not count where a quote is never closed: what is behind it cannot be read', async () => {
    const { failure } = await scored('iris', 'data.csv', `${header}\n${good}\n"x,1,2,3\n${good}\n`, {
      asked: { bad_rows: { policy: 'skip' } },
    });
    expect(failure).toMatchObject({ row: 2, reason: expect.stringContaining('closing') as string });
  });

  test('do not show values of columns that are personal data', async () => {
    const { status } = await server.call('PUT', '/api/v1/endpoints/mixed/data-policy', {
      purpose: 'to see that scores stay as they are',
      pii: { count: 'mask' },
    });
    expect(status).toBe(200);
    const { errors } = await scored(
      'mixed',
      'data.jsonl',
      '{"text":"a","count":1}\n{"text":5,"count":6}\n{"text":"","count":7.5}',
      {
        asked: { bad_rows: { policy: 'skip' } },
      },
    );
    expect(errors).toEqual([
      { row: 2, column: 'text', value: '5', reason: expect.any(String) as string },
      { row: 3, column: 'count', reason: expect.any(String) as string },
    ]);
  });
});

describe('gzip', () => {
  const lines = Array.from({ length: 40 }, (_, i) => `${i},${Math.sin(i)},${i % 7},${i / 3}`);
  const plain = `id,length,width,höhe\n${lines.join('\n')}\n`;

  test('is unpacked as it is read and packed as it is written, the same wherever a worker left off', async () => {
    const { text } = await scored('iris', 'data.csv', plain);
    const outputs = new Set<string>();
    const packed = Buffer.concat([gzipSync(plain.slice(0, 300)), gzipSync(plain.slice(300))]);
    for (const workSecondsMax of [300, -1]) {
      const use = pace({ rowsAtOnce: 3, partBytes: 50, checkpointSeconds: 0, workSecondsMax });
      const name = `gz/${++files}/data.csv.gz`;
      await ctx.stores.blobs('batch-input').write(`iris/${name}`, packed);
      const { job } = await submitJob(ctx, {
        endpoint: 'iris',
        input: { container: 'batch-input', name: `iris/${name}`, isPrefix: false },
      });
      await planJob(ctx, job, use);
      let claims = 0;
      for (; (await readChunk(ctx, job.jobId, 0))?.doc.status !== 'done'; claims++)
        await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, use);
      expect(claims > 1).toBe(workSecondsMax < 0);
      const { bytes, output } = await written(job);
      expect(output).toBe('data.csv.gz');
      expect(gunzipSync(bytes ?? Buffer.alloc(0)).toString()).toBe(text);
      outputs.add(String(bytes?.toString('hex')));
    }
    expect(outputs.size).toBe(1);
  });

  test('keeps packed what changes its format', async () => {
    const { output, bytes } = await scored('iris', 'data.csv.gz', gzipSync(plain), {
      asked: { output: { format: 'jsonl' } },
    });
    expect(output).toBe('data.jsonl.gz');
    expect(rows(gunzipSync(bytes ?? Buffer.alloc(0)).toString())).toHaveLength(40);
  });

  test.each<[string, Buffer, string]>([
    ['packed', gzipSync(plain), 'name end in .gz'],
    ['of Parquet', Buffer.from('PAR1\u0015'), 'name end in .parquet'],
    ['of a workbook', Buffer.from('PK\u0003\u0004'), 'save it as CSV'],
  ])('is told from a file %s', async (_, content, reason) => {
    const { failure } = await scored('iris', 'data.csv', content);
    expect(failure).toMatchObject({ code: 'bad-input', reason: expect.stringContaining(reason) as string });
  });

  test.each<[string, Buffer, string]>([
    ['that breaks off', gzipSync(plain).subarray(0, -20), 'breaks off'],
    ['that is none', Buffer.from(plain), 'no gzip file'],
    ['that is broken in the middle', gzipSync(plain).fill(0xaa, 200, 260), 'broken'],
    ['without a row', gzipSync('length,width,höhe\n'), 'no rows'],
  ])('fails the job for a file %s', async (_, content, reason) => {
    const { failure, bytes } = await scored('iris', 'data.csv.gz', content);
    expect(failure).toMatchObject({ code: 'bad-input', reason: expect.stringContaining(reason) as string });
    expect(bytes).toBeUndefined();
  });
});
