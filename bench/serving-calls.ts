/** The same rows as each protocol carries them. */
import { rowsOf } from './serving-models.ts';
import type { Call } from './serving-load.ts';

type Form = 'JSON' | 'binary' | 'scoring';

/** What a body is made of, and the path that it goes to below an endpoint's name. */
const forms: Readonly<Record<Form, (rows: number[][]) => Pick<Call, 'headers' | 'body'>>> = {
  JSON: (rows) => ({
    body: JSON.stringify({ inputs: [{ ...tensorOf(rows), data: rows.flat() }] }),
  }),
  binary(rows) {
    const data = Float32Array.from(rows.flat());
    const parameters = { binary_data_size: data.byteLength };
    const head = Buffer.from(
      JSON.stringify({
        inputs: [{ ...tensorOf(rows), parameters }],
        parameters: { binary_data_output: true },
      }),
    );
    return {
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(head.length),
      },
      body: Buffer.concat([head, Buffer.from(data.buffer)]),
    };
  },
  scoring: (rows) => ({ body: JSON.stringify({ inputs: rows }) }),
};

const tensorOf = (rows: number[][]) => ({
  name: 'input',
  datatype: 'FP32',
  shape: [rows.length, rows[0]?.length ?? 0],
});

/** A call of an Open Inference model. */
export function inferCall(name: string, form: 'JSON' | 'binary', rows: number): Call {
  return { path: `/v2/models/${name}/infer`, ...forms[form](rowsOf(rows)) };
}

/** A call of MLflow's scoring protocol below `prefix`. */
export function scoringCall(prefix: string, rows: number): Call {
  return { path: `${prefix}/invocations`, ...forms.scoring(rowsOf(rows)) };
}

/** The body of {@link inferCall} as JSON, to be parsed and written again. */
export function echoCall(rows: number): Call {
  return { path: '/bench/echo', ...forms.JSON(rowsOf(rows)) };
}
