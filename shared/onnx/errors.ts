/**
 * - `not-onnx`: the bytes are no ONNX model at all, or are corrupt inside.
 * - `truncated`: a length points past the end of the file.
 * - `too-deep`, `too-many`: nested or repeated beyond what any real model needs.
 * - `external-data`: weights outside the file that are not where they may be.
 * - `unsupported`: recognised, but a format or element type that is not handled.
 * - `invalid-spec`: a model description handed to the writer contradicts itself.
 */
export type OnnxErrorCode =
  | 'not-onnx'
  | 'truncated'
  | 'too-deep'
  | 'too-many'
  | 'external-data'
  | 'unsupported'
  | 'invalid-spec';

/** Whatever this folder refuses, it refuses with this error; the code is stable, the text is for people. */
export class OnnxError extends Error {
  readonly code: OnnxErrorCode;

  constructor(code: OnnxErrorCode, message: string) {
    super(message);
    this.name = 'OnnxError';
    this.code = code;
  }
}
