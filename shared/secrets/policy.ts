import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { currentLedger } from '../ledger.ts';
import { redacted, secretsIn } from '../redaction/index.ts';

type Pair = { readonly key: string; readonly value: string };
type Port = Pick<Context, 'settings' | 'log'>;

/**
 * Pairs as the policy on secrets has them stored: with a note in place of what looks like one, or as they came.
 * The answer's header says of which keys, and the log. Throws `invalid` where the policy is to refuse them, and for
 * a key that looks like a secret itself: no message quotes it.
 */
export function withoutSecrets<P extends Pair>(
  { settings, log }: Port,
  list: 'params' | 'tags',
  pairs: readonly P[],
): readonly P[] {
  if (settings.secretsInTexts === 'keep') return pairs;
  let kept: P[] | undefined;
  for (const [i, pair] of pairs.entries()) {
    const field = `${list}[${i}]`;
    const [inKey] = secretsIn(pair.key);
    if (inKey)
      throw new CairnError(
        'invalid',
        `The key of ${field} looks like a secret (${inKey.kind}). Give it another name and make the secret invalid; nothing of this request was stored.`,
        { field: `${field}.key` },
      );
    const { text, kinds } = redacted(pair.value, pair.key);
    if (kinds.length === 0) continue;
    note({ settings, log }, `${list}/${pair.key}`, `${field}.value`, kinds);
    kept ??= [...pairs];
    kept[i] = { ...pair, value: text };
  }
  return kept ?? pairs;
}

/** The same for a text by itself, such as a description; `field` is what callers know it by. */
export function textWithoutSecrets({ settings, log }: Port, field: string, text: string): string {
  if (settings.secretsInTexts === 'keep') return text;
  const found = redacted(text);
  if (found.kinds.length > 0) note({ settings, log }, field, field, found.kinds);
  return found.text;
}

function note({ settings, log }: Port, name: string, field: string, kinds: readonly string[]): void {
  const what = kinds.join(', ');
  if (settings.secretsInTexts === 'refuse')
    throw new CairnError(
      'invalid',
      `'${name}' holds what looks like a secret (${what}). Send it without; nothing of this request was stored.`,
      { field },
    );
  currentLedger()?.redacted.add(name);
  log.warn('secret redacted', { name, what });
}
