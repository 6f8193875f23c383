import * as z from 'zod';
import type { Answer, Rest } from './rest.ts';

const sites = z.object({
  value: z.array(z.object({ name: z.string(), tags: z.record(z.string(), z.string()).nullish() })),
});
const settings = z.object({ properties: z.record(z.string(), z.string()) });
const version = 'api-version=2024-04-01';

/**
 * Gives the apps of a resource group settings, beside those that they have; an app that has them is not touched,
 * since a change starts it anew. Returns the names of the apps that were changed. Throws where Azure refuses.
 * https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings and update-application-settings
 */
export async function giveSettings(
  arm: Rest,
  group: string,
  wanted: Readonly<Record<string, string>>,
): Promise<string[]> {
  const base = `${group}/providers/Microsoft.Web/sites`;
  const found = sites.parse(answered(await arm('GET', `${base}?${version}`)));
  const changed: string[] = [];
  for (const { name, tags } of found.value) {
    if (!tags?.['azd-service-name']) continue;
    const path = `${base}/${name}/config/appsettings`;
    const { properties } = settings.parse(answered(await arm('POST', `${path}/list?${version}`)));
    if (Object.entries(wanted).every(([key, value]) => properties[key] === value)) continue;
    answered(await arm('PUT', `${path}?${version}`, { properties: { ...properties, ...wanted } }));
    changed.push(name);
  }
  return changed;
}

function answered({ status, body }: Answer): unknown {
  if (status === 200) return body;
  throw new Error(`Azure Resource Manager answered HTTP ${status}`);
}
