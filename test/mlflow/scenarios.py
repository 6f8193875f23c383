"""What data scientists do with a stock MLflow client, against a Cairn that runs on this machine.

Each scenario is a function; it fails by an assertion. The server is named by MLFLOW_TRACKING_URI.
"""

import json
import math
import os
import sys
import tempfile
import time
import traceback

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

MODEL = os.environ["CAIRN_TEST_MODEL"]
UNIQUE = f"{os.getpid()}-{time.time_ns()}"


def a_run_is_logged_with_the_fluent_api_and_read_back():
    mlflow.set_experiment(f"fluent {UNIQUE}")
    with mlflow.start_run(run_name="first", tags={"team": "forecast"}) as run:
        mlflow.log_param("depth", 4)
        mlflow.log_params({"rate": 0.1, "features": "a, b"})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.93, "nan": math.nan, "inf": math.inf}, step=20)
        mlflow.set_tag("stage", "trial")
    client = MlflowClient()
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.info.run_name == "first"
    assert got.info.end_time >= got.info.start_time
    assert got.data.params == {"depth": "4", "rate": "0.1", "features": "a, b"}
    assert got.data.metrics["loss"] == 1 / 20 and got.data.metrics["auc"] == 0.93
    assert math.isnan(got.data.metrics["nan"]) and got.data.metrics["inf"] == math.inf
    assert got.data.tags["team"] == "forecast" and got.data.tags["stage"] == "trial"
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(m.step, m.value) for m in history] == [(s, 1 / (s + 1)) for s in range(20)]


def artifacts_come_back_byte_for_byte():
    mlflow.set_experiment(f"artifacts {UNIQUE}")
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        names = ["plain.txt", "with space.txt", "100%.txt", "naïve – 日本.txt", "plus+and&amp.txt"]
        for name in names:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(f"content of {name}")
        big = os.urandom(20 * 1024 * 1024)
        with open(os.path.join(folder, "big.bin"), "wb") as file:
            file.write(big)
        mlflow.log_artifacts(folder, "files/deep")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        mlflow.log_text("hello", "notes/hello.txt")
        client = MlflowClient()
        assert sorted(f.path for f in client.list_artifacts(run.info.run_id)) == ["config.json", "files", "notes"]
        listed = client.list_artifacts(run.info.run_id, "files/deep")
        assert sorted(f.path for f in listed) == sorted(f"files/deep/{name}" for name in [*names, "big.bin"])
        assert next(f for f in listed if f.path.endswith("big.bin")).file_size == len(big)
        with tempfile.TemporaryDirectory() as target:
            local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="files/deep", dst_path=target)
            for name in names:
                with open(os.path.join(local, name), encoding="utf-8") as file:
                    assert file.read() == f"content of {name}", name
            with open(os.path.join(local, "big.bin"), "rb") as file:
                assert file.read() == big
        assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/config.json") == {"a": [1, 2]}
        assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/hello.txt") == "hello"


def a_missing_artifact_is_reported_at_once():
    mlflow.set_experiment(f"missing {UNIQUE}")
    with mlflow.start_run() as run:
        pass
    started = time.monotonic()
    try:
        mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="nowhere.txt")
    except Exception as error:  # the class differs between client versions
        assert "500" not in str(error), error
    else:
        raise AssertionError("a missing artifact was downloaded")
    assert time.monotonic() - started < 20


def runs_and_experiments_are_searched():
    experiment = mlflow.create_experiment(f"search {UNIQUE}", tags={"kind": "test"})
    ids = []
    for i in range(5):
        with mlflow.start_run(experiment_id=experiment, run_name=f"run {i}") as run:
            mlflow.log_metric("i", i)
        ids.append(run.info.run_id)
        time.sleep(0.002)
    client = MlflowClient()
    page = client.search_runs([experiment], max_results=2)
    found = [r.info.run_id for r in page]
    while page.token:
        page = client.search_runs([experiment], max_results=2, page_token=page.token)
        found += [r.info.run_id for r in page]
    assert found == ids[::-1], found
    assert client.get_experiment(experiment).tags == {"kind": "test"}
    assert f"search {UNIQUE}" in [e.name for e in client.search_experiments(max_results=1000)]
    assert client.get_experiment("0").name == "Default"
    assert client.get_experiment_by_name("no such experiment") is None


def a_parameter_is_final_and_the_client_is_told():
    mlflow.set_experiment(f"final {UNIQUE}")
    with mlflow.start_run() as run:
        mlflow.log_param("z", 1)
        mlflow.log_param("z", 1)
        try:
            mlflow.log_param("z", 2)
        except MlflowException as error:
            assert "Changing param values is not allowed" in str(error)
        else:
            raise AssertionError("a parameter was changed")
    assert MlflowClient().get_run(run.info.run_id).data.params == {"z": "1"}


def a_model_is_registered_and_found_by_alias():
    mlflow.set_experiment(f"registry {UNIQUE}")
    with mlflow.start_run() as run:
        mlflow.log_artifact(MODEL, "model")
    client = MlflowClient()
    name = f"model-{UNIQUE}"
    client.create_registered_model(name, description="made by a test", tags={"owner": "tests"})
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        assert error.error_code == "RESOURCE_ALREADY_EXISTS"
    else:
        raise AssertionError("a name was registered twice")
    first = client.create_model_version(name, f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    second = client.create_model_version(name, f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
    assert (first.version, second.version) in [("1", "2"), (1, 2)]
    client.set_registered_model_alias(name, "champion", "1")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"
    client.set_registered_model_alias(name, "champion", "2")
    held = client.get_model_version_by_alias(name, "champion")
    assert str(held.version) == "2" and held.run_id == run.info.run_id
    assert {k: str(v) for k, v in client.get_registered_model(name).aliases.items()} == {"champion": "2"}
    assert name in [model.name for model in client.search_registered_models()]
    try:
        client.get_model_version_by_alias(name, "nobody")
    except MlflowException as error:
        assert "alias nobody not found" in str(error)
    else:
        raise AssertionError("an unknown alias was resolved")


SCENARIOS = [value for name, value in list(globals().items()) if callable(value) and getattr(value, "__module__", "") == __name__]

failed = 0
for scenario in SCENARIOS:
    started = time.monotonic()
    try:
        scenario()
        print(f"ok      {scenario.__name__.replace('_', ' ')} ({time.monotonic() - started:.1f} s)", flush=True)
    except Exception:
        failed += 1
        print(f"FAILED  {scenario.__name__.replace('_', ' ')}\n{traceback.format_exc()}", flush=True)
print(f"mlflow {mlflow.__version__}: {json.dumps({'passed': len(SCENARIOS) - failed, 'failed': failed})}")
print(f"{len(SCENARIOS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
