export { type ArtifactEntry, blobName, findArtifact, listArtifacts, putArtifact } from './artifacts.ts';
export { artifactPath, checkedPath } from './path.ts';
