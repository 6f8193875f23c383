"""Large files: in parts, straight to storage."""

import os
import tempfile

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from mlflow.tracking import MlflowClient

from harness import PEER, environment, equals, new_experiment, scenario

MEGABYTE = 1024 * 1024
SIZE = 23 * MEGABYTE + 12_345


def counting(name: str) -> "list[int]":
    """Counts the calls of a method of the client's artifact repository from now on."""
    original = getattr(HttpArtifactRepository, name)
    calls = []

    def counted(*args, **kwargs):
        calls.append(1)
        return original(*args, **kwargs)

    setattr(HttpArtifactRepository, name, staticmethod(counted) if name == "_upload_part" else counted)
    return calls


@scenario
def a_large_file_goes_up_in_parts_and_comes_back_whole():
    new_experiment()
    content = os.urandom(SIZE)
    original = HttpArtifactRepository.__dict__["_upload_part"]
    parts = counting("_upload_part")
    try:
        with environment(
            MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true",
            MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(MEGABYTE),
            MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(5 * MEGABYTE),
        ):
            with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
                path = os.path.join(folder, "large file 100%.bin")
                with open(path, "wb") as file:
                    file.write(content)
                mlflow.log_artifact(path, "weights")
    finally:
        HttpArtifactRepository._upload_part = original
    # MLflow's own server has no parts for files on its disk; the client then sends the file as one.
    equals(len(parts), 0 if PEER else 5)
    (listed,) = MlflowClient().list_artifacts(run.info.run_id, "weights")
    equals((listed.path, listed.file_size), ("weights/large file 100%.bin", SIZE))
    with tempfile.TemporaryDirectory() as target:
        with open(MlflowClient().download_artifacts(run.info.run_id, listed.path, target), "rb") as file:
            assert file.read() == content


@scenario
def a_large_upload_that_breaks_leaves_nothing():
    new_experiment()
    original = HttpArtifactRepository.__dict__["_upload_part"]

    def broken(credential, local_file, size, start_byte):
        if start_byte > 0:
            raise OSError("the line went dead")
        return original.__func__(credential, local_file, size, start_byte)

    HttpArtifactRepository._upload_part = staticmethod(broken)
    try:
        with environment(
            MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true",
            MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(MEGABYTE),
            MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(5 * MEGABYTE),
        ):
            with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
                path = os.path.join(folder, "large.bin")
                with open(path, "wb") as file:
                    file.write(os.urandom(SIZE))
                try:
                    mlflow.log_artifact(path)
                except Exception as error:
                    assert "Failed to upload" in str(error), error
                else:
                    # MLflow's own server took the file as one.
                    assert PEER, "a broken upload was taken for whole"
                    return
    finally:
        HttpArtifactRepository._upload_part = original
    equals(MlflowClient().list_artifacts(run.info.run_id), [])


@scenario(since=3)
def a_large_file_comes_down_in_parts():
    new_experiment()
    content = os.urandom(SIZE)
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        path = os.path.join(folder, "large file 100%.bin")
        with open(path, "wb") as file:
            file.write(content)
        mlflow.log_artifact(path)
    original = HttpArtifactRepository.__dict__["_multipart_download"]
    downloads = counting("_multipart_download")
    try:
        with environment(
            MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD="true",
            MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE=str(MEGABYTE),
            MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE=str(5 * MEGABYTE),
        ):
            with tempfile.TemporaryDirectory() as target:
                local = mlflow.artifacts.download_artifacts(
                    run_id=run.info.run_id, artifact_path="large file 100%.bin", dst_path=target
                )
                with open(local, "rb") as file:
                    assert file.read() == content
    finally:
        HttpArtifactRepository._multipart_download = original
    equals(len(downloads), 0 if PEER else 1)
