import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Card } from './card.ts';
import { markdownOf } from './markdown.ts';
import { inline, paragraphs } from './markdown-text.ts';
import { readme } from './readme.ts';

/** Whatever users may write, put wherever they may write it. */
function cardWith(text: string): Card {
  return {
    model: { name: text, model_id: 'id', description: text, tags: { [text]: text } },
    version: {
      version: 3,
      description: text,
      tags: { 'cairn.limits': text, [text]: text },
      source: text,
      user_id: text,
      created_at: 0,
      stage: 'None',
      aliases: ['champion'],
    },
    artifact: {
      flavours: [text],
      mlflow_version: text,
      files: 2,
      bytes: 3,
      manifest_digest: 'sha256:1',
      inputs: [{ name: text }],
      outputs: null,
    },
    inspection: {
      state: 'ready',
      at: 1000,
      note: text,
      digest: 'sha256:2',
      bytes: 5,
      labels: [text],
      features: [text],
      inputs: [{ name: text, element_type: 'float32', shape: [text, 4] }],
      outputs: [{ name: text, element_type: 'int64', shape: [null] }],
      served_digest: 'sha256:2',
      served_changes: [],
      timings: {
        load_milliseconds: 1,
        run_milliseconds_p50: 2,
        run_milliseconds_max: 3,
        memory_bytes: 4,
      },
    },
    signature: { valid: false, reason: text, key_id: null, signed_at: null },
    run: {
      run_id: 'r',
      name: text,
      experiment_id: '1',
      experiment_name: text,
      user_id: text,
      status: 'FINISHED',
      start_time: 0,
      end_time: 1,
      metrics: { [text]: 0.5, nothing: 'NaN' },
      params: { [text]: text },
      git: { commit: text, branch: text, repo_url: text, link: null },
    },
    data: [
      {
        role: 'evaluation',
        name: null,
        uri: text,
        digest: null,
        judged: { digest: text, promotion: 1 },
        rows: 7,
        context: null,
      },
      { role: 'input', name: text, uri: text, digest: text, judged: null, rows: null, context: text },
    ],
    promotions: [
      {
        number: 1,
        target: { alias: 'champion' },
        status: 'promoted',
        policy_version: 1,
        champion: null,
        gates: [{ gate: 'metric', key: text, status: 'overridden', says: text, inputs: {}, at: 1 }],
        approvals: [{ by: text, at: 1, comment: text }],
        override: { by: text, at: 1, reason: text, gates: [text] },
        rejected: null,
        cancelled_by: null,
        superseded_by: null,
        failed: null,
        requested_by: text,
        comment: text,
        created_at: 1,
        finished_at: 2,
      },
    ],
    rollbacks: [{ alias: 'champion', to: 2, promotion: 1, by: text, at: 3, reason: text }],
    lineage: { up: { run: 1 }, down: {}, truncated: false },
    limits: [text],
  };
}

/** The card apart: its front matter as data, and each line by what begins it. */
async function read(card: Card) {
  const [, front = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(await markdownOf(card)) ?? [];
  const lines = body.split('\n');
  return {
    front: parse(front) as {
      tags: string[];
      'model-index': { name: string; results: { metrics: { type: string; value: number }[] }[] }[];
    },
    body,
    headings: lines.filter((line) => /^\s{0,3}#/.test(line)),
    rows: lines.filter((line) => line.startsWith('|')),
    lines,
  };
}

const plain = await read(cardWith('plain'));

describe('whatever users write, a card keeps its shape:', () => {
  const hostile = [
    '# heading',
    '---',
    '\n---\nlicense: mit\n---\n',
    '</td><script>alert(1)</script>',
    '| a | b |',
    '\n\n## Signature\n\nvalid',
    '```\ncode',
    '[link](javascript:alert(1))',
    '![image](http://evil/x.png)',
    '<!-- ',
    '- item\n- item',
    '1. one',
    '    indented code',
    'a\r\n===\r\n',
    '\u2028## line\u0085# next\u202egnp.exe',
    '&lt;b&gt;',
    '\\',
    '`',
    '{{ template }} ${x} @somebody http://evil.example www.evil.example',
    '',
    ' ',
    '"quoted": yes',
    'a\u0000b\u001b[31m',
  ];

  async function expectSameShape(text: string): Promise<void> {
    const { front, headings, rows, body } = await read(cardWith(text));
    expect(headings.slice(1)).toEqual(plain.headings.slice(1));
    expect(headings).toHaveLength(plain.headings.length);
    expect(rows.map(cellsIn)).toEqual(plain.rows.map(cellsIn));
    expect(body).not.toMatch(/(?<!\\)[`<>]|(?<!\\)!?\[[^\]]*(?<!\\)\]\(/);
    expect(body.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
    expect(Object.keys(front)).toEqual(['library_name', 'tags', 'model-index']);
    expect(front['model-index'][0]?.name).toBe(`${text}/3`);
    expect(front['model-index'][0]?.results[0]?.metrics).toEqual([{ type: text, value: 0.5 }]);
  }

  test.each(hostile)('%j', expectSameShape);

  test('any text at all', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...hostile, ...'#|-*_`<>[]()!\\\n\r~+=.:1 \t'.split('')),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
        expectSameShape,
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 5000 : 150 },
    );
  });
});

test('no line of a paragraph begins what is more than text', () => {
  expect(paragraphs('# a\n- b\n1. c\n\n> d\n===\n    e')).toBe('\\# a\n\\- b\n1\\. c\n\n&gt; d\n\\===\ne');
});

test('plain words stay as they are', () => {
  const text = 'A linear model (v1.2), 95 % accurate; see the report: page 3-4.';
  expect(inline(text)).toBe(text);
});

test('metrics that are no number stand in the table and not in the index', () => {
  expect(plain.front['model-index'][0]?.results[0]?.metrics).toEqual([{ type: 'plain', value: 0.5 }]);
  expect(plain.body).toContain('| nothing | NaN |');
});

test('the name of a model is one word of the command that fetches it, whatever a shell reads into it', () => {
  const name = 'it\'s "$(echo x)" `y` ! \\';
  const card = cardWith(name);
  const text = readme({ ...card, signature: { ...card.signature, valid: true } });
  const [, word = ''] = /--artifact-uri (.*) --dst-path/.exec(text) ?? [];
  const heard = execFileSync('sh', ['-c', `printf '%s\\n' ${word}`], { encoding: 'utf8' });
  expect(heard).toBe(`models:/${name}/3\n`);
});

/** How many cells a row has: pipes that are not escaped part them. */
function cellsIn(row: string): number {
  return row.split(/(?<!\\)(?:\\\\)*\|/).length;
}
