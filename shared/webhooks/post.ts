import { type Exchange, exchange } from '../outbound/index.ts';

/** What became of a request: an answer, no answer, or none sent because the receiver is not a permitted one. */
export type Answer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      /** The header `Retry-After` as it came. */
      readonly retryAfter: string | undefined;
      /** The beginning of the answer. */
      readonly body: string;
    }
  | {
      readonly outcome: 'unreachable';
      readonly reason: string;
      /** Whether all the time that a receiver has was spent on it. */
      readonly waited?: true;
    }
  | { readonly outcome: 'forbidden'; readonly reason: string };

export type Post = Omit<Exchange, 'bytes' | 'name' | 'answerBytesMax'> & { readonly text: string };

const answerBytesMax = 4096;

/** Posts a text to a receiver and reads the beginning of what it answers, as {@link exchange} does. */
export async function post({ text, ...asked }: Post): Promise<Answer> {
  const bytes = Buffer.from(text);
  const answer = await exchange({ ...asked, name: 'Webhook URL', bytes, answerBytesMax });
  if (answer.outcome !== 'answered') return answer;
  const { outcome, status, headers } = answer;
  return { outcome, status, retryAfter: headers['retry-after'], body: answer.bytes.toString('utf8') };
}
