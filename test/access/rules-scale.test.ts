import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  accessId,
  accessKey,
  accessOf,
  accessState,
  createGrant,
  fullAccess,
  type GrantDocument,
  type Identity,
  type PrincipalDocument,
  resourceTypes,
  reviewOf,
  roles,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { testInstances } from '../support/instances.ts';

const principals = 500;
const grantsEach = 20;
const grants = principals * grantsEach;

let stack: Awaited<ReturnType<typeof testInstances>>;
let here: Context;
let there: Context;
let now = Date.now();

beforeAll(async () => {
  stack = await testInstances(2);
  const [a, b] = stack.instances.map((ctx) => ({ ...ctx, clock: { now: () => now } }));
  if (!a || !b) throw new Error('Two instances are needed.');
  [here, there] = [a, b];
  const docs = Array.from({ length: principals }, (_, i) => [principal(i), ...rulesOf(i)]).flat();
  for (let first = 0; first < docs.length; first += 100)
    await here.stores.documents('access').batch(
      accessKey,
      docs.slice(first, first + 100).map((doc) => ({ op: 'create', doc })),
    );
});
afterAll(() => stack.close());

const common = { v: 1, workspace: '*', seq: 1 } as const;

function principal(i: number): PrincipalDocument {
  const principalId = `person-${i}`;
  return {
    ...common,
    id: accessId('principal', principalId),
    type: 'principal',
    principalId,
    name: `Person ${i}`,
    kind: 'user',
    createdAt: 0,
    createdBy: 'admin',
  };
}

/** A role in one of ten workspaces, and rules about resources of it. */
function rulesOf(i: number): GrantDocument[] {
  return Array.from({ length: grantsEach }, (_, j): GrantDocument => {
    const grantId = (i * grantsEach + j).toString(16).padStart(16, '0');
    const role = roles[(i + j) % roles.length] ?? 'viewer';
    return {
      ...common,
      id: accessId('grant', grantId),
      type: 'grant',
      grantId,
      subject: `principal:person-${i}`,
      inWorkspace: `w${i % 10}`,
      ...(j === 0 ? {} : { resource: { type: resourceTypes[j % 3] ?? 'model', id: `r${i + j}` } }),
      rule: j === 7 ? { effect: 'deny' } : { effect: 'allow', role },
      grantedBy: 'admin',
      grantedAt: j,
      reason: 'of the department that asked for it',
    };
  });
}

function identity(i: number): Identity {
  const id = `person-${i}`;
  return { principal: { id, name: id }, kind: 'user', via: 'token', subjects: [`principal:${id}`] };
}

/** Processor time of `act`, in milliseconds. */
function cpuOf(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function costOf(ctx: Context, act: () => Promise<unknown>) {
  const { meter } = ctx.stores.documents;
  const [requests, units] = [meter.requests, meter.requestUnits];
  const cpu = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(cpu);
  return {
    requests: meter.requests - requests,
    requestUnits: meter.requestUnits - units,
    cpuMilliseconds: (user + system) / 1000,
  };
}

describe(`with ${grants} rules about ${principals} principals`, () => {
  test('all of them are read by one query of some pages, once', async () => {
    const cost = await costOf(here, () => accessState(here));
    expect(cost.requests).toBeLessThan(20);
    expect(cost.requestUnits).toBeLessThan(2500);
    expect(cost.cpuMilliseconds).toBeLessThan(5000);
    expect((await accessState(here)).grants.size).toBe(principals);
    expect(await costOf(here, () => accessState(here))).toMatchObject({ requests: 0 });
  });

  test('what one caller may do is found out in microseconds, and known from then on', async () => {
    const state = await accessState(here);
    const callers = Array.from({ length: principals }, (_, i) => identity(i));
    const ask = () => {
      for (const [i, caller] of callers.entries())
        accessOf(caller, state, `w${i % 10}`, here.settings, now).may('viewer', {
          type: 'model',
          id: `r${i}`,
        });
    };
    const first = cpuOf(ask);
    const again = cpuOf(() => {
      for (let i = 0; i < 200; i++) ask();
    });
    expect(first / principals).toBeLessThan(0.5);
    expect(again / principals / 200).toBeLessThan(0.05);
  });

  test('a change costs a read and a batch, and another instance a look and a read of what changed', async () => {
    await accessState(there);
    const grant = { subject: 'principal:person-3', workspace: '*', effect: 'allow', role: 'viewer' } as const;
    const change = await costOf(here, () => createGrant(here, fullAccess, grant));
    expect(change.requests).toBe(2);
    expect(change.requestUnits).toBeLessThan(40);
    now += 2000;
    const look = await costOf(there, () => accessState(there));
    expect(look.requests).toBe(2);
    expect(look.requestUnits).toBeLessThan(10);
    expect((await accessState(there)).grants.get('principal:person-3')?.size).toBe(grantsEach + 1);
  });

  test('the review goes through all of them without holding them twice', async () => {
    const state = await accessState(here);
    let count = 0;
    const cpu = cpuOf(() => {
      for (const line of reviewOf(state, here.settings, now)) count += line.grantId === undefined ? 0 : 1;
    });
    expect(count).toBe(grants + 1);
    expect(cpu).toBeLessThan(1000);
  });
});
