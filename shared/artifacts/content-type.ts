/** Types of files by the ending of their name; others are bytes to us. */
const byEnding: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  bmp: 'image/bmp',
  cfg: 'text/plain',
  css: 'text/css',
  csv: 'text/csv',
  flac: 'audio/flac',
  geojson: 'application/geo+json',
  gif: 'image/gif',
  gz: 'application/gzip',
  htm: 'text/html',
  html: 'text/html',
  ini: 'text/plain',
  ipynb: 'application/json',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  jsonl: 'application/jsonl',
  log: 'text/plain',
  m4a: 'audio/mp4',
  md: 'text/markdown',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ogg: 'audio/ogg',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/plain',
  rst: 'text/plain',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  toml: 'text/plain',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  xml: 'application/xml',
  yaml: 'text/plain',
  yml: 'text/plain',
  zip: 'application/zip',
  // Whole names: MLflow's description of a model, and of a project.
  mlmodel: 'text/plain',
  mlproject: 'text/plain',
};

/** What senders say who do not know; the last is curl's word for any body. */
const unknown = new Set(['', 'application/octet-stream', 'application/x-www-form-urlencoded']);

/** The type to store a file under: what its sender said where that means something, else by its name. */
export function contentTypeOf(path: string, declared = ''): string {
  if (!unknown.has(declared.split(';')[0]?.trim().toLowerCase() ?? '')) return declared;
  const ending = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('.')) + 1).toLowerCase();
  return Object.hasOwn(byEnding, ending) ? (byEnding[ending] ?? '') : 'application/octet-stream';
}
