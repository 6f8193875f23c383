import { expect, test } from 'vitest';
import { CairnError } from '../http/index.ts';
import { actionsOf, type Entity, eventOf, kindOf, partsOf } from './events.ts';
import { examples } from './examples.ts';

const actions = ['created', 'updated', 'deleted', 'set', 'exceeded'];
const entities = Object.keys(actionsOf) as Entity[];

test('the pairs of entity and action are the 15 of MLflow, 5 of rollouts, 3 of batch jobs and 3 of incidents, each with an example', () => {
  const pairs = entities.flatMap((entity) => actionsOf[entity].map((action) => eventOf(entity, action)));
  expect(pairs.toSorted()).toEqual(Object.keys(examples).toSorted());
  const kinds = Object.groupBy(pairs, kindOf);
  const counts = [kinds.mlflow, kinds.rollout, kinds.batch, kinds.monitoring].map((each) => each?.length);
  expect(counts).toEqual([15, 5, 3, 3]);
  for (const pair of pairs) expect(eventOf(partsOf(pair).entity, partsOf(pair).action)).toBe(pair);
});

test('an action that cannot happen to an entity is refused, and those that can are named', () => {
  for (const entity of entities)
    for (const action of actions.filter((each) => !(actionsOf[entity] as readonly string[]).includes(each)))
      expect(() => eventOf(entity, action)).toThrow(CairnError);
  expect(() => eventOf('model_version_tag', 'created')).toThrow(
    "Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['set', 'deleted']",
  );
});
