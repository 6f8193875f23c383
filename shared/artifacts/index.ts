export {
  type ArtifactEntry,
  blobName,
  deleteArtifacts,
  findArtifact,
  listArtifacts,
  putArtifact,
} from './artifacts.ts';
export { artifactPathAt, artifactPathIn, decodedOrSame } from './location.ts';
export { abortMultipart, completeMultipart, createMultipart, type PartTarget } from './multipart.ts';
export { artifactPath, checkedArtifactPath } from './path.ts';
export { type Presigned, presignDownload, presignUpload } from './presigned.ts';
