import * as z from 'zod';
import { type Finding, missing } from './finding.ts';
import { listed, plain, unread } from './answers.ts';
import type { Rest } from './rest.ts';
import type { Plan } from './subscription.ts';

const geoRegions = z.object({
  value: z.array(
    z.object({ name: z.string(), properties: z.object({ orgDomain: z.string().nullish() }).optional() }),
  ),
});
/**
 * The regions that the subscription may have Flex Consumption in, and whether they have zones for it:
 * https://learn.microsoft.com/rest/api/appservice/list-geo-regions
 */
export async function region(rest: Rest, at: string, { location, zoneRedundant }: Plan): Promise<Finding[]> {
  const path = `${at}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption&api-version=2024-04-01`;
  const answer = await listed(rest, path);
  if (answer.status !== 200) return [unread('which regions offer Flex Consumption', answer)];
  const offered = geoRegions.parse(answer.body).value;
  const here = offered.find(({ name }) => plain(name) === location);
  const choice = (names: string[]) => `azd env set AZURE_LOCATION <one of ${names.toSorted().join(', ')}>`;
  if (!here)
    return [
      missing(
        `Region ${location} does not offer Flex Consumption.`,
        choice(offered.map(({ name }) => plain(name))),
      ),
    ];
  const inZones = offered.filter(({ properties }) => /FCZONEREDUNDANCY/i.test(properties?.orgDomain ?? ''));
  if (!zoneRedundant || inZones.includes(here)) return [];
  return [
    missing(
      `Region ${location} has no zones for Flex Consumption, and CAIRN_ZONE_REDUNDANT is true.`,
      choice(inZones.map(({ name }) => plain(name))),
    ),
  ];
}

const linuxSku = z.object({
  skuCode: z.string(),
  functionAppConfigProperties: z.object({ runtime: z.object({ version: z.string() }) }).nullish(),
});
const stacks = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        majorVersions: z.array(
          z.object({
            minorVersions: z.array(
              z.object({
                stackSettings: z.object({
                  linuxRuntimeSettings: z
                    .object({ Sku: z.array(linuxSku).nullish(), sku: z.array(linuxSku).nullish() })
                    .nullish(),
                }),
              }),
            ),
          }),
        ),
      }),
    }),
  ),
});

/** Whether the region runs the version of Node.js. */
export async function runtime(rest: Rest, { location, nodeVersion }: Plan): Promise<Finding[]> {
  const path = `/providers/Microsoft.Web/locations/${location}/functionAppStacks?api-version=2020-10-01&removeHiddenStacks=true&removeDeprecatedStacks=true&stack=node&sku=FC1`;
  const answer = await rest('GET', path);
  const read = stacks.safeParse(answer.body);
  if (answer.status !== 200 || !read.success)
    return [unread(`which versions of Node.js ${location} runs`, answer)];
  const offered = read.data.value
    .flatMap(({ properties }) => properties.majorVersions)
    .flatMap(({ minorVersions }) => minorVersions)
    .flatMap(({ stackSettings: { linuxRuntimeSettings: linux } }) => linux?.Sku ?? linux?.sku ?? [])
    .flatMap((sku) =>
      sku.skuCode === 'FC1' ? (sku.functionAppConfigProperties?.runtime.version ?? []) : [],
    );
  if (offered.includes(nodeVersion)) return [];
  return [
    missing(
      `Flex Consumption in ${location} does not run Node.js ${nodeVersion}.`,
      `azd env set CAIRN_NODE_VERSION <one of ${offered.join(', ') || 'none: choose another region'}>`,
    ),
  ];
}
