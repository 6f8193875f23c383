export { type EdgeSet, edgeSetOf, type ReferenceColumn } from './edges.ts';
export { foldHour, type Repeats } from './fold.ts';
export { type Profile, profileOf, type RowTable } from './profile.ts';
export {
  countedPart,
  edgesFor,
  isWithoutEdges,
  keepEdges,
  type PartOf,
  partProfileName,
  profileFolder,
  readProfile,
  removeProfiles,
  writeCounted,
  writePartProfile,
} from './store.ts';
