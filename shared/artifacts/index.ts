export {
  type ArtifactEntry,
  artifactUrl,
  blobName,
  listArtifacts,
  openArtifact,
  putArtifact,
  statArtifact,
} from './artifacts.ts';
export { artifactPath, checkedPath } from './path.ts';
