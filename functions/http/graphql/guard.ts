import { type DocumentNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql';

/** What one document may ask for (the limits of mlflow/server/graphql/graphql_no_batching.py). */
const rootFieldsMax = 10;
const aliasesMax = 10;
const depthMax = 10;
const selectionsMax = 1000;

/**
 * Why a document asks for too much, or `undefined`. Fragments count where they are spread, so nothing can
 * hide in them; the walk ends at the limits, so a document that spreads fragments into each other costs no
 * more than one that does not.
 */
export function excessOf(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map(
    document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d]] : [])),
  );
  let selections = 0;

  /** One level: the fields that a selection set and the fragments in it add up to. */
  const level = (sets: readonly SelectionSetNode[], depth: number): string | undefined => {
    if (depth > depthMax) return `Query exceeds maximum depth of ${depthMax}`;
    const waiting = sets.flatMap((set) => set.selections);
    const below: SelectionSetNode[] = [];
    const spread = new Set<string>();
    let fields = 0;
    let aliases = 0;
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (++selections > selectionsMax) return `Query exceeds maximum total selections of ${selectionsMax}`;
      switch (node.kind) {
        case Kind.FIELD:
          fields++;
          if (node.alias) aliases++;
          if (node.selectionSet) below.push(node.selectionSet);
          break;
        case Kind.INLINE_FRAGMENT:
          waiting.push(...node.selectionSet.selections);
          break;
        case Kind.FRAGMENT_SPREAD: {
          const fragment = fragments.get(node.name.value);
          if (fragment && !spread.has(node.name.value)) waiting.push(...fragment.selectionSet.selections);
          spread.add(node.name.value);
          break;
        }
      }
    }
    if (depth === 1 && fields > rootFieldsMax)
      return `GraphQL queries should have at most ${rootFieldsMax} root fields, got ${fields} root fields.`;
    if (aliases > aliasesMax)
      return `GraphQL queries should have at most ${aliasesMax} aliases, got ${aliases} aliases.`;
    return below.length > 0 ? level(below, depth + 1) : undefined;
  };

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const why = level([definition.selectionSet], 1);
    if (why !== undefined) return new GraphQLError(why);
  }
  return undefined;
}
