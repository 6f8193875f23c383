import type { Notice } from './notice.ts';

const colors: Readonly<Record<Notice['severity'], string>> = {
  info: 'default',
  warning: 'warning',
  critical: 'attention',
};

/**
 * A message for the trigger "When a Teams webhook request is received" of the Workflows app, which takes Adaptive Cards
 * only; cards of the retired connectors (`MessageCard`) are not understood any more. With what a notice has at most it
 * stays far below the 28 KB of a message.
 */
export function teamsBody({ title, text, facts, link, at, workspace, severity, status }: Notice) {
  const line = (of: string, more: object = {}) => ({
    type: 'TextBlock',
    text: plain(of),
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          // The newest that cards from webhooks are shown in on phones as well.
          version: '1.4',
          body: [
            line(title, {
              size: 'large',
              weight: 'bolder',
              color: status === 'resolved' ? 'good' : colors[severity],
            }),
            ...(text === '' ? [] : [line(text)]),
            ...(facts.length === 0
              ? []
              : [
                  {
                    type: 'FactSet',
                    facts: facts.map(([name, value]) => ({ title: plain(name), value: plain(value) })),
                  },
                ]),
            line(`Cairn · ${workspace} · ${at}`, { isSubtle: true, size: 'small' }),
          ],
          actions: link === null ? [] : [{ type: 'Action.OpenUrl', title: 'Look at it', url: link }],
        },
      },
    ],
  };
}

/** Cards read links of Markdown; a name that is told is none. */
function plain(text: string): string {
  return text.replaceAll('](', '] (');
}
