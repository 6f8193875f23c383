import { describe, expect, test } from 'vitest';
import { experimentsOfArtifact, experimentsOfArtifactUri } from './artifact-owners.ts';

const runOf12 = `000000000000000c${'ab'.repeat(8)}`;
const modelOf13 = `m-000000000000000d${'cd'.repeat(8)}`;

describe('what lies at a path among the artifacts belongs to', () => {
  test.each([
    ['the experiment whose folder it is in', '12/file.txt', ['12']],
    ['the same at the folder itself', '12', ['12']],
    ['the experiment of its run, once', `12/${runOf12}/artifacts/model/MLmodel`, ['12']],
    ['the experiment of its logged model', `13/models/${modelOf13}/artifacts/MLmodel`, ['13']],
    ['both where a run lies in the folder of another experiment', `7/${runOf12}/artifacts/f`, ['7', '12']],
    ['the experiment of a run below a folder that was chosen', `team/a/${runOf12}/artifacts/f`, ['12']],
    ['the same at the folder of the run', `team/a/${runOf12}`, ['12']],
    ['the experiment of a model below a folder that was chosen', `team/models/${modelOf13}`, ['13']],
    ['both where one run lies in another', `7/${runOf12}/artifacts/x/models/${modelOf13}`, ['7', '12', '13']],
    ['the same where a folder is spelt by escapes', `7/%30${runOf12.slice(1)}/artifacts`, ['7', '12']],
    ['no more where a file is called like a run', `7/${runOf12}/artifacts/${runOf12}`, ['7', '12']],
  ])('%s', (_what, path, ids) => {
    expect(experimentsOfArtifact(path)).toEqual(ids);
  });

  test.each([
    ['the root', ''],
    ['a folder that somebody chose', 'team/a'],
    ['a number that is not written as an id', '007/file'],
    ['a folder that is one by its escapes only', '%31%32/file'],
    ['what is longer than any id', `${'1'.repeat(21)}/file`],
  ])('nobody knows whom: %s', (_what, path) => {
    expect(experimentsOfArtifact(path)).toBeUndefined();
  });

  test('nobody where it is the URI of another place', () => {
    expect(experimentsOfArtifactUri('s3://bucket/12/file')).toEqual([]);
  });

  test('the owner of the path in a URI of this server, whichever way it is written', () => {
    for (const uri of [
      'mlflow-artifacts:/12/file',
      'mlflow-artifacts://host:8080/12/file',
      'https://host/api/2.0/mlflow-artifacts/artifacts/12/file',
      'mlflow-artifacts:/%31%32/file',
    ])
      expect(experimentsOfArtifactUri(uri)).toEqual(['12']);
    expect(experimentsOfArtifactUri('mlflow-artifacts:/team')).toBeUndefined();
  });
});
