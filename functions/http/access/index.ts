import { problem, type Surface } from '../../../shared/http/index.ts';
import { grants } from './grants.ts';
import { groups } from './groups.ts';
import { principals } from './principals.ts';
import { review } from './review.ts';
import { session } from './session.ts';
import { tokens } from './tokens.ts';
import { trusts } from './trusts.ts';
import { workspaces } from './workspaces.ts';

/** Who gets in, and what they may do. */
export const access: Surface = {
  name: 'access',
  part: 'both',
  errors: problem,
  routes: [...session, ...principals, ...groups, ...grants, ...trusts, ...tokens, ...review, ...workspaces],
};
