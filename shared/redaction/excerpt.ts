import { redacted } from './find.ts';

/** The beginning of a text that somebody sent, as a message quotes it. A secret that the cut would halve is found before. */
export function excerpt(text: string, charsMax: number): string {
  const shown = redacted(text).text;
  return shown.length > charsMax ? `${shown.slice(0, charsMax).toWellFormed()}…` : shown;
}
