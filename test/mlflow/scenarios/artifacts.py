"""Files of a run: every way to log one, and to have it back."""

import io
import os
import re
import tempfile
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient
from PIL import Image

from harness import MAJOR, equals, eventually, new_experiment, scenario

# The clients send a name into the URL as it is, so that `#`, `?` and `%41` in one do not survive in any server.
ODD_NAMES = [
    "plain.txt",
    "with space.txt",
    "100%.txt",
    "naïve – 日本 🗻.txt",
    "plus+and&amp;=.txt",
    "quote'\"`.txt",
    "[brackets]{braces}(x).txt",
    ".hidden",
    "no extension",
    "semi;colon,comma~tilde!$@.txt",
]


def paths(run_id: str, path=None) -> "list[str]":
    return sorted(f.path for f in MlflowClient().list_artifacts(run_id, path))


@scenario(peer_defect="a name beyond Latin-1 cannot be downloaded" if MAJOR == 2 else None)
def a_folder_goes_up_and_comes_down_byte_for_byte():
    new_experiment()
    big = os.urandom(20 * 1024 * 1024)
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        os.makedirs(os.path.join(folder, "sub folder", "deeper"))
        for name in ODD_NAMES:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(f"content of {name}")
        with open(os.path.join(folder, "sub folder", "deeper", "big.bin"), "wb") as file:
            file.write(big)
        with open(os.path.join(folder, "empty.bin"), "wb"):
            pass
        mlflow.log_artifacts(folder, "files/all")
    run_id = run.info.run_id
    equals(paths(run_id), ["files"])
    equals(paths(run_id, "files"), ["files/all"])
    equals(paths(run_id, "files/all"), sorted(f"files/all/{n}" for n in [*ODD_NAMES, "empty.bin", "sub folder"]))
    listed = MlflowClient().list_artifacts(run_id, "files/all/sub folder/deeper")
    equals([(f.path, f.is_dir, f.file_size) for f in listed], [("files/all/sub folder/deeper/big.bin", False, len(big))])
    with tempfile.TemporaryDirectory() as target:
        local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files", dst_path=target)
        for name in ODD_NAMES:
            with open(os.path.join(local, "all", name), encoding="utf-8") as file:
                equals(file.read(), f"content of {name}")
        with open(os.path.join(local, "all", "sub folder", "deeper", "big.bin"), "rb") as file:
            assert file.read() == big
        equals(os.path.getsize(os.path.join(local, "all", "empty.bin")), 0)


@scenario
def the_whole_of_a_run_is_downloaded():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("one", "a.txt")
        mlflow.log_text("two", "deep/er/b.txt")
    with tempfile.TemporaryDirectory() as target:
        local = MlflowClient().download_artifacts(run.info.run_id, "", target)
        found = {}
        for root, _, files in os.walk(local):
            for file in files:
                with open(os.path.join(root, file), encoding="utf-8") as stream:
                    found[os.path.relpath(os.path.join(root, file), local)] = stream.read()
        equals(found, {"a.txt": "one", "deep/er/b.txt": "two"})


@scenario
def texts_and_dictionaries_are_logged_and_loaded():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("hello 日本", "notes/hello.txt")
        mlflow.log_text("<h1>report</h1>", "report.html")
        mlflow.log_dict({"a": [1, 2], "b": {"c": None}}, "config.json")
        mlflow.log_dict({"x": 1.5}, "config.yaml")
        mlflow.log_text("second", "notes/hello.txt")
    uri = f"runs:/{run.info.run_id}"
    equals(mlflow.artifacts.load_text(f"{uri}/notes/hello.txt"), "second")
    equals(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/report.html"), "<h1>report</h1>")
    equals(mlflow.artifacts.load_dict(f"{uri}/config.json"), {"a": [1, 2], "b": {"c": None}})
    equals(mlflow.artifacts.load_text(f"{uri}/config.yaml"), "x: 1.5\n")
    equals([f.path for f in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)], ["config.json", "config.yaml", "notes", "report.html"])


@scenario
def figures_and_images_are_logged_as_files():
    new_experiment()
    pixels = (np.arange(8 * 6 * 3) % 256).astype(np.uint8).reshape(6, 8, 3)
    figure, axes = plt.subplots()
    axes.plot([0, 1], [2, 3])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_image(pixels, "images/pixels.png")
        mlflow.log_image(Image.fromarray(pixels), "images/pil.png")
    plt.close(figure)
    uri = f"runs:/{run.info.run_id}"
    with tempfile.TemporaryDirectory() as target:
        local = mlflow.artifacts.download_artifacts(f"{uri}/plots/line.png", dst_path=target)
        equals(Image.open(local).format, "PNG")
    equals(np.asarray(mlflow.artifacts.load_image(f"{uri}/images/pixels.png")).tolist(), pixels.tolist())
    equals(np.asarray(mlflow.artifacts.load_image(f"{uri}/images/pil.png")).tolist(), pixels.tolist())


def step_of(path: str) -> str:
    """The step in the name of a logged image: MLflow 2 parts it by `%`, MLflow 3 by `+`."""
    return re.search(r"[%+]step[%+](\d+)[%+]", path)[1]


@scenario
def images_of_a_key_are_kept_by_step():
    new_experiment()
    with mlflow.start_run() as run:
        for step in range(3):
            mlflow.log_image(np.full((64, 64, 3), step * 100, dtype=np.uint8), key="cat 1", step=step, timestamp=1_700_000_000_000)
    tags = mlflow.get_run(run.info.run_id).data.tags
    equals(tags.get("mlflow.loggedImages"), "True")

    def holds():
        names = paths(run.info.run_id, "images")
        # Each image, and a small one of it for lists.
        equals(len(names), 6)
        equals(sorted({step_of(n) for n in names}), ["0", "1", "2"])

    eventually(holds)
    path = next(p for p in paths(run.info.run_id, "images") if step_of(p) == "1" and p.endswith(".png"))
    with tempfile.TemporaryDirectory() as target:
        local = MlflowClient().download_artifacts(run.info.run_id, path, target)
        equals(Image.open(local).getpixel((5, 5)), (100, 100, 100))


@scenario
def a_table_grows_with_each_call_and_is_loaded_across_runs():
    experiment_id = new_experiment()
    ids = []
    for i in range(2):
        with mlflow.start_run() as run:
            mlflow.log_table({"input": [f"what {i}"], "score": [0.5]}, "eval/answers.json")
            mlflow.log_table(pd.DataFrame({"input": [f"why {i}"], "score": [i + 0.25]}), "eval/answers.json")
            ids.append(run.info.run_id)
    equals(mlflow.load_table("eval/answers.json", run_ids=ids[:1])["input"].tolist(), ["what 0", "why 0"])

    def holds():
        table = MlflowClient().load_table(experiment_id, "eval/answers.json", extra_columns=["run_id"])
        equals(sorted(zip(table["input"], table["score"])), [("what 0", 0.5), ("what 1", 0.5), ("why 0", 0.25), ("why 1", 1.25)])
        equals(sorted(set(table["run_id"])), sorted(ids))

    eventually(holds)
    assert "eval/answers.json" in mlflow.get_run(ids[0]).data.tags["mlflow.loggedArtifacts"]


@scenario(since=3)
def a_stream_is_logged_as_a_file():
    new_experiment()
    content = os.urandom(3 * 1024 * 1024 + 17)
    with mlflow.start_run() as run:
        mlflow.log_stream(io.BytesIO(content), "stream.bin")
    with tempfile.TemporaryDirectory() as target:
        with open(MlflowClient().download_artifacts(run.info.run_id, "stream.bin", target), "rb") as file:
            assert file.read() == content


@scenario(peer_defect="a missing file is answered with 500, which clients take for a fault that may pass")
def a_missing_artifact_is_reported_at_once():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("x", "there.txt")
    started = time.monotonic()
    for path in ("nowhere.txt", "there.txt/below", "no/where/at all"):
        try:
            mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=path)
        except Exception as error:  # the class differs between client versions
            assert "500" not in str(error), error
        else:
            raise AssertionError(f"{path} was downloaded")
    assert time.monotonic() - started < 20
    equals(paths(run.info.run_id, "nowhere"), [])


@scenario
def files_are_deleted():
    new_experiment()
    with mlflow.start_run() as run:
        for name in ("keep.txt", "folder/a.txt", "folder/b c.txt", "folder2/x.txt"):
            mlflow.log_text(name, name)
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("folder")
    equals(paths(run.info.run_id), ["folder2", "keep.txt"])
    repository.delete_artifacts("keep.txt")
    repository.delete_artifacts("never there")
    equals(paths(run.info.run_id), ["folder2"])


@scenario
def an_experiment_keeps_its_files_where_it_was_told():
    location = f"mlflow-artifacts:/elsewhere/{os.urandom(6).hex()}"
    new_experiment(artifact_location=location)
    with mlflow.start_run() as run:
        mlflow.log_text("here", "a.txt")
    equals(run.info.artifact_uri, f"{location}/{run.info.run_id}/artifacts")
    equals(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a.txt"), "here")
    equals(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt"), "here")
