const decodingsMax = 10;

/**
 * What MLflow's clients make of a name that they are listed, and then ask for: they decode it until nothing
 * is left to decode, so that the `%step%42%` of MLflow 2's images becomes `%stepB%`; a control character that
 * comes of it they encode again.
 */
export function clientName(name: string): string {
  let decoded = name;
  for (let i = 0; i < decodingsMax && /%[0-9a-f]{2}/i.test(decoded); i++) decoded = unquoted(decoded);
  return decoded.replaceAll(
    /\p{Cc}/gu,
    (control) => `%${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** As Python's `urllib.parse` does it: what is no escape stays, bytes that are not UTF-8 are replaced, line ends dropped. */
function unquoted(text: string): string {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return text
    .replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
      utf8.decode(Buffer.from(escapes.replaceAll('%', ''), 'hex')),
    )
    .replaceAll(/[\t\r\n]/g, '');
}
