import * as z from 'zod';
import {
  deleteGroup,
  getGroup,
  type GroupDocument,
  listGroups,
  putGroup,
} from '../../../shared/access/index.ts';
import { json, type Route, route } from '../../../shared/http/index.ts';
import { asked, expectedIn, inputs, listed, nothing } from './shapes.ts';

/** Groups of principals that are kept here. */
export const groups: readonly Route[] = [
  route('GET', '/api/v1/access/groups', {
    operation: 'listGroups',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject(asked),
    handle: async (ctx, { max_results: limit, page_token: pageToken }) => {
      const page = await listGroups(ctx, { limit, pageToken });
      return listed('groups', page, page.items.map(shown));
    },
  }),
  route('GET', '/api/v1/access/groups/{name}', {
    operation: 'getGroup',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject({ name: inputs.name }),
    handle: async (ctx, { name }) => response(await getGroup(ctx, name)),
  }),
  route('PUT', '/api/v1/access/groups/{name}', {
    operation: 'putGroup',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, members: z.array(inputs.name) }),
    handle: async (ctx, { name, members }, { request }) =>
      response(await putGroup(ctx, name, members, expectedIn(request))),
  }),
  route('DELETE', '/api/v1/access/groups/{name}', {
    operation: 'deleteGroup',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, reason: inputs.reason }),
    handle: async (ctx, { name, reason }) => {
      await deleteGroup(ctx, name, reason);
      return nothing();
    },
  }),
];

function response(group: GroupDocument): Response {
  return json(shown(group), 200, { etag: `"${group.seq}"` });
}

function shown({ name, members }: GroupDocument) {
  return { name, members };
}
