import type { Notice } from './notice.ts';

/** https://docs.slack.dev/reference/block-kit/blocks: of a header, a section, its fields, and all texts together. */
const sectionCharsMax = 3000;
const fieldsMax = 10;
/** So that all texts together have less than the 13,000 characters beyond which a message is refused. */
const halfFieldCharsMax = 300;

const signs: Readonly<Record<Notice['severity'], string>> = { info: 'ℹ️', warning: '⚠️', critical: '🔴' };

/** A message for an incoming webhook: blocks, and a text for where they cannot be shown. */
export function slackBody(notice: Notice) {
  const { title, text, facts, link, at, workspace } = notice;
  const sign = notice.status === 'resolved' ? '✅' : signs[notice.severity];
  // A title has at most 141 characters, of the 150 that a header may have.
  const header = `${sign} ${title}`;
  const fields = facts.slice(0, fieldsMax).map(([name, value]) => ({
    type: 'mrkdwn',
    text: `*${escaped(name, halfFieldCharsMax)}*\n${escaped(value, halfFieldCharsMax)}`,
  }));
  const where = link === null ? '' : ` · <${escaped(link)}|Look at it>`;
  return {
    text: escaped(text === '' ? header : `${header}: ${text}`),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: header } },
      ...(text === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: escaped(text) } }]),
      ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: `Cairn · ${escaped(workspace)} · ${at}${where}` }],
      },
    ],
  };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping: nobody is called by a name that is told. */
function escaped(text: string, charsMax = sectionCharsMax): string {
  let safe = '';
  for (const char of text) {
    const next = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }[char] ?? char;
    if (safe.length + next.length > charsMax) return safe;
    safe += next;
  }
  return safe;
}
