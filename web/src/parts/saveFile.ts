const keptMilliseconds = 10_000;

/** Hands a file over to the reader, by the browser's own way to save one. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the content is let go.
  setTimeout(() => URL.revokeObjectURL(url), keptMilliseconds);
}
