/** The folder within a version's artifact that conversions write into; what lies there was not registered. */
export const conversionFolder = 'cairn-onnx';
