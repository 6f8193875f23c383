import { expect, test } from 'vitest';
import { deploymentAt, inputAt } from './faults.ts';

const deployments = [
  { model: '', alias: '' },
  { model: 'iris', alias: 'champion' },
  { model: 'roses', alias: 'nobody' },
];

test('a fault stands at the deployment that the server names, or whose alias or model it does not know', () => {
  const at = (field: string, message = '') => deploymentAt({ field, message }, deployments);
  expect(at('deployments[2].url')).toBe(2);
  expect(at('deployments.1.alias')).toBe(1);
  expect(at('alias', 'Registered model alias nobody not found.')).toBe(2);
  expect(at('name', 'Registered Model with name=iris not found')).toBe(1);
  expect(at('alias', 'Registered model alias other not found.')).toBeUndefined();
  expect(at('traffic.main')).toBeUndefined();
  expect(deploymentAt(undefined, deployments)).toBeUndefined();
});

test('the input at fault is known by the last part of its address', () => {
  const of = (field: string) => inputAt({ field, message: '' });
  expect(['deployments[2].url', 'deployments.1.name', 'alias', 'name'].map(of)).toEqual([
    'url',
    'name',
    'alias',
    'model',
  ]);
});
