/** Names what was kept without its secret. */
export const redactedHeader = 'x-cairn-redacted';

/** Beyond this, the header says how many more there are: answers with long headers are refused on the way. */
const charsMax = 2000;

/** The value of {@link redactedHeader}: names, percent-encoded and separated by commas. */
export function redactedNames(names: ReadonlySet<string>): string {
  const all = [...names].map((name) => encodeURI(name).replaceAll(',', '%2C'));
  let chars = 0;
  const fitting = all.filter((name) => (chars += name.length + 2) <= charsMax);
  const more = all.length - fitting.length;
  return [...fitting, ...(more > 0 ? [`and-${more}-more`] : [])].join(', ');
}
