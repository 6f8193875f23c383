import * as z from 'zod';
import { type Finding, warning } from './finding.ts';
import type { Answer, Rest } from './rest.ts';

const page = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/** A list of Azure Resource Manager with what stands on its further pages, or the answer that is no list. */
export async function listed(rest: Rest, path: string): Promise<Answer> {
  const value: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer = await rest('GET', next);
    if (answer.status !== 200) return answer;
    const read = page.parse(answer.body);
    value.push(...read.value);
    // Asked for where the first page was, whatever host a link names: the token goes nowhere else.
    const link: URL | undefined = read.nextLink ? new URL(read.nextLink) : undefined;
    next = link && `${link.pathname}${link.search}`;
  }
  return { status: 200, body: { value } };
}

/** What could not be learned is said, and does not keep anyone from trying. */
export function unread(what: string, { status }: Answer): Finding {
  return warning(
    `It could not be read ${what} (HTTP ${status}).`,
    'Go on, or ask an owner of the subscription.',
  );
}

/** A region as Azure spells it in ids, of how people read it. */
export const plain = (name: string) => name.toLowerCase().replaceAll(' ', '');
