import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redacted, secretsIn } from './find.ts';

/** Made here, so that no text of this file is what it looks for. */
const letters = (count: number) => 'Ab3dEf6hIj9Lm2Op5Rs8Uv1Xy4'.repeat(20).slice(0, count);
const upper = (count: number) => 'AB2DEF6HIJ7LM3OP5RSUVXYZ'.repeat(4).slice(0, count);
const hex = (count: number) => '0123456789abcdef'.repeat(70).slice(0, count);
const base64 = (bytes: number) => Buffer.from(letters(bytes)).toString('base64');
const pem = (type: 'pkcs1' | 'pkcs8') =>
  generateKeyPairSync('rsa', { modulusLength: 1024 })
    .privateKey.export({ type, format: 'pem' })
    .toString()
    .trim();
const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = `${json({ alg: 'RS256', typ: 'JWT' })}.${json({ sub: '1234567890', aud: 'x' })}.${letters(86)}`;
const accountKey = `${letters(86)}==`;

/** A secret, and a text that it stands in. */
const secrets: readonly (readonly [kind: string, secret: string, text: (secret: string) => string])[] = [
  ['AWS access key id', `AKIA${upper(16)}`, (s) => s],
  ['AWS access key id', `ASIA${upper(16)}`, (s) => `{"AccessKeyId": "${s}"}`],
  ['AWS secret key', letters(40), (s) => `aws_secret_access_key = ${s}`],
  ['AWS secret key', letters(40), (s) => `{"SecretAccessKey":"${s}"}`],
  ['AWS secret key', letters(40), (s) => `export AWS_SECRET_ACCESS_KEY=${s}`],
  [
    'Azure account key',
    accountKey,
    (s) => `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${s};EndpointSuffix=core.windows.net`,
  ],
  [
    'Azure account key',
    accountKey,
    (s) => `AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=${s};`,
  ],
  [
    'Azure account key',
    base64(32),
    (s) => `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=${s}`,
  ],
  ['Azure account key', `${letters(76)}+AStabcdeA==`, (s) => `key is ${s} now`],
  [
    'signed URL',
    encodeURIComponent(base64(32)),
    (s) => `https://a.blob.core.windows.net/c/b.csv?sv=2024-11-04&sp=r&sig=${s}`,
  ],
  [
    'signed URL',
    encodeURIComponent(base64(32)),
    (s) => `{"uri": "https://a.blob.core.windows.net/c/b.csv?sig=${s}&se=2030-01-01"}`,
  ],
  ['signed URL', encodeURIComponent(base64(32)), (s) => `SharedAccessSignature=sv=2024-11-04&sig=${s}`],
  ['signed URL', hex(64), (s) => `https://b.s3.amazonaws.com/k?X-Amz-Credential=c&X-Amz-Signature=${s}`],
  ['Entra client secret', `aB38Q~${letters(34)}`, (s) => `secret: ${s}`],
  ['private key', pem('pkcs8'), (s) => s],
  ['private key', pem('pkcs1'), (s) => `key:\n${s}\nand then`],
  [
    'private key',
    JSON.stringify(pem('pkcs8')).slice(1, -1),
    (s) => `{"type": "service_account", "private_key": "${s}\\n", "client_id": "1"}`,
  ],
  ['private key', pem('pkcs8').slice(0, 400), (s) => s],
  ['GitHub token', `ghp_${letters(36)}`, (s) => s],
  ['GitHub token', `gho_${letters(36)}`, (s) => `token=${s}`],
  ['GitHub token', `ghs_${letters(36)}`, (s) => `"first\\n${s}"`],
  ['GitHub token', `github_pat_${letters(22)}_${letters(59)}`, (s) => `https://${s}@github.com/a/b`],
  ['GitLab token', `glpat-${letters(20)}`, (s) => s],
  ['Slack token', `xoxb-${'1'.repeat(12)}-${letters(24)}`, (s) => `slack ${s}`],
  [
    'Slack webhook',
    `T${upper(8)}/B${upper(8)}/${letters(24)}`,
    (s) => `https://hooks.slack.com/services/${s}`,
  ],
  ['Google API key', `AIza${letters(35)}`, (s) => `key=${s}`],
  ['Google access token', `ya29.${letters(60)}`, (s) => s],
  ['OpenAI key', `sk-proj-${letters(80)}`, (s) => `OPENAI_API_KEY=${s}`],
  ['OpenAI key', `sk-${letters(20)}T3BlbkFJ${letters(20)}`, (s) => s],
  ['Anthropic key', `sk-ant-api03-${letters(90)}`, (s) => s],
  ['Hugging Face token', `hf_${letters(34)}`, (s) => s],
  ['Databricks token', `dapi${hex(32)}`, (s) => `token: ${s}`],
  ['Databricks token', `dapi${hex(32)}-3`, (s) => s],
  ['npm token', `npm_${letters(36)}`, (s) => s],
  ['PyPI token', `pypi-AgE${letters(100)}`, (s) => s],
  ['Cairn token', `cairn_${hex(16)}_${letters(49)}`, (s) => `MLFLOW_TRACKING_TOKEN=${s}`],
  ['JSON web token', jwt, (s) => s],
  ['JSON web token', jwt, (s) => `{"access_token":"${s}"}`],
  ['credential of a request', base64(15), (s) => `Authorization: Basic ${s}`],
  ['credential of a request', letters(40), (s) => `{"Authorization": "Bearer ${s}"}`],
  ['password in a URL', 'hunter2', (s) => `postgresql://me:${s}@db.internal:5432/x`],
  ['password in a URL', 'p@ss:w0rd', (s) => `mongodb+srv://me:${s}@cluster.example/x`],
  ['password in a URL', 'hunter2', (s) => `redis://:${s}@cache:6379`],
  ['password in a URL', 'hunter2', (s) => `https://api.example/x?user=a&password=${s}&y=1`],
  ['password in a URL', `${letters(54)}==`, (s) => `https://a.azurewebsites.net/api/score?code=${s}`],
  [
    'password of a connection',
    'hunter2',
    (s) => `Server=tcp:a.database.windows.net;User ID=me;Password=${s};Encrypt=true`,
  ],
  ['password of a connection', 'hunter2', (s) => `host=db user=me password=${s} dbname=x`],
];

describe('what looks like a secret', () => {
  test.each(secrets)(
    'a text with a %s is told by its kind, and nothing of the secret is left',
    (kind, secret, text) => {
      const { text: kept, kinds } = redacted(text(secret));
      expect(kinds).toEqual([kind]);
      expect(kept).toBe(text(`[redacted: ${kind}]`));
    },
  );

  test.each(secrets)('redacting a text with a %s again changes nothing', (_kind, secret, text) => {
    const once = redacted(text(secret)).text;
    expect(redacted(once)).toEqual({ text: once, kinds: [] });
  });

  test.each(secrets)('a text with a %s twice keeps neither', (_kind, secret, text) => {
    const twice = redacted(`${text(secret)}\n\n${text(secret)}`).text;
    expect(twice).not.toContain(secret);
    expect(secretsIn(twice)).toEqual([]);
  });

  test('a JSON text stays JSON, so that whoever parses it still can', () => {
    const text = JSON.stringify({
      a: jwt,
      b: [`ghp_${letters(36)}`],
      c: pem('pkcs8'),
      d: 'postgres://u:pw12@h/d',
    });
    expect(JSON.parse(redacted(text).text)).toEqual({
      a: '[redacted: JSON web token]',
      b: ['[redacted: GitHub token]'],
      c: '[redacted: private key]',
      d: 'postgres://u:[redacted: password in a URL]@h/d',
    });
  });

  test.each([
    ['aws_secret_access_key', letters(40), 'AWS secret key'],
    ['storage.account_key', accountKey, 'Azure account key'],
    ['DATABRICKS_TOKEN', hex(36), 'Databricks token'],
  ])('a bare key is told by its name %s', (name, value, kind) => {
    expect(secretsIn(value)).toEqual([]);
    expect(redacted(value, name)).toEqual({ text: `[redacted: ${kind}]`, kinds: [kind] });
  });
});

const history = JSON.stringify([
  {
    run_id: hex(32),
    artifact_path: 'model',
    utc_time_created: '2025-01-01 00:00:00.000000',
    flavors: { python_function: { loader_module: 'mlflow.sklearn', env: { conda: 'conda.yaml' } } },
    model_uuid: 'm-0123456789abcdef',
    signature: { inputs: '[{"type": "double", "name": "x", "required": true}]' },
  },
]);

/** What must be kept as it is. */
const harmless: readonly (readonly [what: string, text: string])[] = [
  ['a number', '0.0012345678901234567'],
  ['a SHA-256', createHash('sha256').update('a').digest('hex')],
  ['a SHA-512 in base64, as long as an account key', createHash('sha512').update('a').digest('base64')],
  ['a SHA-1, as of a Git commit', createHash('sha1').update('a').digest('hex')],
  ['a subresource integrity', `sha384-${createHash('sha384').update('a').digest('base64')}`],
  ['a UUID', '123e4567-e89b-42d3-a456-426614174000'],
  ['a run id', hex(32)],
  ['a model id', `m-${hex(32)}`],
  ['an MD5 of a dataset', 'f'.repeat(32)],
  ['a digest of an image', `registry.example/a/b:1.2@sha256:${hex(64)}`],
  ['an image with scheme, tag and digest', `docker://ubuntu:22.04@sha256:${hex(64)}`],
  ['a source by name and alias', 'models:/fraud@champion'],
  ['an artifact address', 'mlflow-artifacts://host:5000/0/abc/artifacts'],
  ['a URL with a port', 'http://127.0.0.1:7071/api/2.0/mlflow/runs/get?run_id=1&x=a@b.c'],
  ['a URL with a user and no password', 'ssh://git@github.com:22/a/b.git'],
  ['a Git address', 'git@github.com:owner/repository.git'],
  ['an e-mail address', 'someone@example.org'],
  ['a URL whose password is a placeholder', 'postgresql://user:${DB_PASSWORD}@host/x'],
  ['a URL whose password is starred out', 'postgresql://user:****@host/x'],
  ['a URL of a tutorial', 'postgresql://user:password@localhost/x'],
  ['a signature of a model', '{"inputs": "[{\\"type\\": \\"tensor\\"}]", "sig": "sha256"}'],
  ['a blob without a signature', 'https://a.blob.core.windows.net/c/b.csv?sv=2024-11-04&se=2030-01-01'],
  ['a sig that is no signed URL', `sig=${letters(44)}`],
  ['a sign of life', 'design=modern&sv=1'],
  ['a public key', `-----BEGIN PUBLIC KEY-----\n${base64(90)}\n-----END PUBLIC KEY-----`],
  ['a certificate', `-----BEGIN CERTIFICATE-----\n${base64(300)}\n-----END CERTIFICATE-----`],
  ['words about private keys', 'Write "-----BEGIN PRIVATE KEY-----" before it.'],
  ['a tokenizer', 'hf_internal-testing/tiny-random-gpt2'],
  ['an option of a tokenizer', 'hf_tokenizer_name_or_path_of_the_pretrained'],
  ['a skill', 'sk-learn-1.5.2-pipeline-with-standard-scaler-and-ridge'],
  ['scikit-learn', 'sklearn.linear_model._logistic.LogisticRegression'],
  ['a tag of ours', 'cairn_evaluation_dataset_for_the_quarter'],
  ['a name like a token of ours', `cairn_${hex(16)}_evaluation`],
  ['a dapi of words', 'dapiable-thing-that-has-a-long-name-and-more'],
  ['a JSON object in base64url', json({ alg: 'none', typ: 'a thing' })],
  ['a token without a signature', `${json({ alg: 'none' })}.${json({ sub: 'anyone at all' })}.`],
  ['hugs and kisses', 'xoxo-your-friend-1234567890'],
  ['a name with key in it', 'monkey=banana;keyboard=qwertyuiopasdfghjklzxcvbnm'],
  ['a secret of a story', 'the secret key = patience and a lot of careful work'],
  ['an option named password', 'password_policy=strict; passwords=forbidden'],
  [
    'a sentence with a password',
    'Ask the owner for the password, it is = nowhere; password rotation is monthly.',
  ],
  ['a header of a sentence', 'Authorization: Bearer'],
  ['a hyperparameter grid', '{"max_depth": [3, 5, 7], "learning_rate": [0.1, 0.01], "tokens": 4096}'],
  ['base64 of an image', `data:image/png;base64,${randomBytes(30_000).toString('base64')}`],
  ["MLflow's history of models", history],
  [
    'the source of a dataset',
    '{"uri": "s3://bucket/path/part-0001.parquet", "catalog": "main.schema.table"}',
  ],
  ['a schema', '{"mlflow_colspec": [{"type": "long", "name": "api_key_count", "required": true}]}'],
];

describe('what looks a little like a secret', () => {
  test.each(harmless)('%s is kept', (_what, text) => {
    expect(secretsIn(text)).toEqual([]);
    expect(redacted(text).text).toBe(text);
  });

  test("MLflow's own tags are kept under their names", () => {
    const tags = {
      'mlflow.log-model.history': history,
      'mlflow.source.git.commit': hex(40),
      'mlflow.source.git.repoURL': 'https://github.com/owner/repository.git',
      'mlflow.source.name': '/usr/lib/python3/dist-packages/ipykernel_launcher.py',
      'mlflow.user': 'someone',
      'mlflow.databricks.notebookID': '1234567890123456',
      'mlflow.modelVersions': JSON.stringify([{ name: 'a', version: 1 }]),
      'mlflow.loggedModelId': `m-${hex(32)}`,
      'mlflow.trace.spans': base64(400),
    };
    for (const [name, value] of Object.entries(tags)) expect(redacted(value, name).text).toBe(value);
  });

  test('random bytes in hex and in base64 are kept, however many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 2000 }), (bytes) => {
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          expect(secretsIn(Buffer.from(bytes).toString(encoding))).toEqual([]);
      }),
    );
  });

  test('whatever a text holds, redacting it twice is redacting it once', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(...secrets.map(([, secret, text]) => text(secret))));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.constantFrom('', ' ', '\n', ';', '"', '&'),
        (pieces, glue) => {
          const once = redacted(pieces.join(glue)).text;
          expect(redacted(once).text).toBe(once);
        },
      ),
    );
  });
});

describe('a megabyte made to be slow', () => {
  const megabyte = (piece: string) => piece.repeat(Math.ceil(1_000_000 / piece.length));
  test.each(
    [
      'eyJ',
      'eyJ.',
      'eyJaaaaaaaaaaaa.',
      '-eyJaaaaaaaaaa.eyJ',
      '\\neyJaaaaaaaaaa.eyJaaaaaaaa.',
      'a://',
      'a://b:',
      'ab://:::',
      'ab://a:b@',
      'AKIA',
      ' AKIA',
      'sig=',
      `&sig=${letters(30)}`,
      `sv=&sig=${letters(30)} `,
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\n',
      `-----BEGIN PRIVATE KEY-----${letters(30)}`,
      '-----BEGIN A ',
      'ghp_',
      '-ghp_a',
      'github_pat_',
      'xoxb-1-',
      ' xoxb-1-',
      'pypi-AgE',
      '-pypi-AgE',
      '%41pypi-AgE',
      'ya29.',
      ' ya29.aaaaaaaaaa',
      'secret_key=',
      'aws_secret',
      'AccountKey=',
      'AccountKey    ',
      '/api/',
      '/api/a?code=',
      ';password=',
      ';  password',
      ' password=abcd',
      '?password=abcd',
      'Authorization: Bearer ',
      'a',
      '=',
      ' ',
      '\\n',
      '+ASt',
      'Q~',
      'Q~abcdefghijklmnopqrstuvwxyz.',
      'cairn_',
      'cairn_aaaaaaaa_',
      'hooks.slack.com/services/',
    ].map((piece) => [piece]),
  )('of %j takes less than two seconds of computing', (piece) => {
    const text = megabyte(piece);
    const before = process.cpuUsage();
    redacted(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(2);
  });
});
