/** How a file is shown. */
export type Kind = 'image' | 'table' | 'json' | 'text' | 'html' | 'pdf' | 'media' | 'model' | 'unknown';

const byEnding: Readonly<Record<string, Kind>> = {
  ...all('image', 'png jpg jpeg gif webp svg bmp avif ico'),
  ...all('table', 'csv tsv'),
  ...all('json', 'json geojson ipynb'),
  ...all('html', 'html htm'),
  ...all('pdf', 'pdf'),
  ...all('media', 'mp3 wav ogg flac m4a mp4 webm mov'),
  ...all(
    'text',
    'txt log md rst py ipy r jl js ts tsx jsx sql sh bash yaml yml toml ini cfg conf env xml jsonl ndjson proto diff patch lock tex',
  ),
};
const byName: Readonly<Record<string, Kind>> = {
  MLmodel: 'model',
  MLproject: 'text',
  Dockerfile: 'text',
  Makefile: 'text',
  LICENSE: 'text',
  README: 'text',
};

/** Of what a browser shows as it is: no other type than these is ever given to it. */
const mediaTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  bmp: 'image/bmp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  pdf: 'application/pdf',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
};

/** By the file's name; one without a known ending may be text, which its first bytes tell. */
export function kindOf(path: string): Kind {
  return byName[nameOf(path)] ?? byEnding[endingOf(path)] ?? 'unknown';
}

export function mediaTypeOf(path: string): string {
  return mediaTypes[endingOf(path)] ?? 'application/octet-stream';
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether bytes are UTF-8 text; `whole` tells whether the last character may be cut. */
export function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}

function endingOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1).toLowerCase();
}

function all(kind: Kind, endings: string): Record<string, Kind> {
  return Object.fromEntries(endings.split(' ').map((ending) => [ending, kind]));
}
