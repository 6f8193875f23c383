/** A number with zeros before it, so that names sort as numbers do. Throws for one that is too long. */
export function digits(value: number, width: number): string {
  const text = String(value).padStart(width, '0');
  if (text.length > width) throw new Error(`${value} has more than ${width} digits.`);
  return text;
}
