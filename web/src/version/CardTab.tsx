import { useQuery } from '@tanstack/react-query';
import { request } from '../api/client.ts';
import { type Version, versionPath } from '../api/registry.ts';
import { Markdown } from '../markdown/Markdown.tsx';
import { withoutFrontMatter } from '../markdown/parse.ts';
import { Card } from '../parts/Card.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { saveFile } from '../parts/saveFile.ts';

/** The model card: what a reader should know before they rely on this version. */
export function CardTab({ version: { name, version } }: { readonly version: Version }) {
  const query = useQuery({
    queryKey: ['model', name, 'version', version, 'card'],
    queryFn: async ({ signal }) =>
      (await request(`/api/v1/${versionPath(name, version, 'card')}?format=markdown`, { signal })).text(),
  });
  const { data: text } = query;
  return (
    <Card
      title="Model card"
      actions={
        text !== undefined && (
          <button
            type="button"
            className="quiet"
            onClick={() =>
              saveFile(`${name}-v${version}.md`, new Blob([text], { type: 'text/markdown;charset=utf-8' }))
            }
          >
            <Icon name="download" size={14} /> Markdown
          </button>
        )
      }
    >
      <Loaded query={query} lines={10}>
        {(markdown) => <Markdown text={withoutFrontMatter(markdown)} />}
      </Loaded>
    </Card>
  );
}
