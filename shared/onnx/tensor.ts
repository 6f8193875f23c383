import { bytesTag, type FieldCursor, varintTag } from './decode.ts';
import { OnnxError } from './errors.ts';

/** What a tensor says of data that lies in a file of its own. */
export type ExternalTensor = {
  /** `''` where the tensor has none. */
  readonly name: string;
  /** Code of its element type. */
  readonly type: number;
  readonly dims: readonly number[];
  /** As written: `location`, `offset`, `length`, …; a key that is given twice stands there twice. */
  readonly entries: readonly (readonly [key: string, text: string])[];
  /** Whether it is an initializer of the outermost graph: the only ones a runtime takes from files that it is handed. */
  readonly isInitializer: boolean;
};

export type TensorHeader = {
  readonly name: string;
  /** Bytes of data in this file. */
  readonly bytes: number;
  /** By its shape, which may say anything. */
  readonly elements: number;
  readonly external: ExternalTensor | null;
};

const dimensionsMax = 256;
const entriesMax = 32;

/** TensorProto: all but its data, which is skipped. */
export function readTensor(field: FieldCursor, isInitializer: boolean): TensorHeader {
  let name = '';
  let bytes = 0;
  let type = 0;
  let isExternal = false;
  const dims: number[] = [];
  const entries: (readonly [string, string])[] = [];
  while (field.next()) {
    switch (field.tag) {
      case varintTag(1):
      case bytesTag(1):
        dims.push(...field.integers(dimensionsMax, 'dimensions'));
        if (dims.length > dimensionsMax)
          throw new OnnxError('too-many', `The model has more than ${dimensionsMax} dimensions.`);
        break;
      case varintTag(2):
        type = field.integer();
        break;
      case bytesTag(8):
        name = field.text();
        break;
      case bytesTag(4): // float_data, int32_data, string_data, int64_data, raw_data, double_data, uint64_data
      case bytesTag(5):
      case bytesTag(6):
      case bytesTag(7):
      case bytesTag(9):
      case bytesTag(10):
      case bytesTag(11):
        bytes += field.byteLength();
        break;
      case bytesTag(13): {
        const { key, text } = readEntry(field.message());
        isExternal = true;
        entries.push([key, text]);
        if (entries.length > entriesMax)
          throw new OnnxError('too-many', `A tensor has more than ${entriesMax} external data entries.`);
        break;
      }
      case varintTag(14):
        if (field.integer() === 1) isExternal = true;
        break;
      default:
    }
  }
  const elements = dims.reduce((product, size) => product * size, 1);
  return {
    name,
    bytes,
    elements,
    external: isExternal ? { name, type, dims, entries, isInitializer } : null,
  };
}

/** StringStringEntryProto */
export function readEntry(field: FieldCursor): { key: string; text: string } {
  const found = { key: '', text: '' };
  while (field.next()) {
    if (field.tag === bytesTag(1)) found.key = field.text();
    else if (field.tag === bytesTag(2)) found.text = field.text();
  }
  return found;
}
