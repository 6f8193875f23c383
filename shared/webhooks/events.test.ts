import { expect, test } from 'vitest';
import { CairnError } from '../http/index.ts';
import { actionsOf, type Entity, eventOf, isOfRollout, partsOf } from './events.ts';
import { examples } from './examples.ts';

const actions = ['created', 'updated', 'deleted', 'set', 'exceeded'];
const entities = Object.keys(actionsOf) as Entity[];

test('the pairs of entity and action are the 15 of MLflow and 5 of rollouts, each with an example', () => {
  const pairs = entities.flatMap((entity) => actionsOf[entity].map((action) => eventOf(entity, action)));
  expect(pairs.toSorted()).toEqual(Object.keys(examples).toSorted());
  expect(pairs.filter((pair) => !isOfRollout(pair))).toHaveLength(15);
  expect(pairs).toHaveLength(20);
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
