export { type ArtifactEntry, blobName, findArtifact, listArtifacts, putArtifact } from './artifacts.ts';
export { artifactPath, checkedArtifactPath } from './path.ts';
