import { useQuery } from '@tanstack/react-query';
import type { Endpoint } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Code } from '../parts/Code.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { snippetsQuery } from './queries.ts';

const languages = { curl: 'curl', python: 'Python', typescript: 'TypeScript' } as const;

/** How to ask an endpoint from elsewhere, to be copied as it stands. */
export function SnippetsTab({ endpoint: { name, deployments } }: { readonly endpoint: Endpoint }) {
  const isKnown = deployments.some(({ kind }) => kind === 'model');
  const query = useQuery({ ...snippetsQuery(name), enabled: isKnown });
  if (!isKnown)
    return <p className="hint">All calls are answered elsewhere: what is taken there is not known here.</p>;
  return (
    <Loaded query={query} lines={8}>
      {(snippets) => (
        <div className="snippets">
          {snippets.curl.includes('MLFLOW_TRACKING_TOKEN') && (
            <p className="hint">
              Each reads a token from the environment, MLFLOW_TRACKING_TOKEN. <a href="#/tokens">Make one</a>{' '}
              for whoever asks.
            </p>
          )}
          {(Object.keys(languages) as (keyof typeof languages)[]).map((language) => (
            <Card key={language} title={languages[language]}>
              <Code text={snippets[language]} />
            </Card>
          ))}
        </div>
      )}
    </Loaded>
  );
}
