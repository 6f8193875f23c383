"""The fluent API: the calls of a training script."""

import math
import os
import subprocess
import sys
import threading

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, environment, new_experiment, refused, scenario, unique


@scenario
def a_run_is_logged_and_read_back():
    experiment_id = new_experiment()
    with mlflow.start_run(run_name="first", tags={"team": "forecast"}, description="the *first* one") as run:
        mlflow.log_param("depth", 4)
        mlflow.log_params({"rate": 0.1, "features": "a, b", "none": None, "empty": ""})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.93, "not a number": math.nan, "inf": math.inf, "minus": -math.inf}, step=20)
        mlflow.set_tag("stage", "trial")
        mlflow.set_tags({"a/b": 1, "née": "ünïcode 日本"})
    got = mlflow.get_run(run.info.run_id)
    equals((got.info.status, got.info.run_name, got.info.experiment_id), ("FINISHED", "first", experiment_id))
    assert got.info.start_time <= got.info.end_time
    equals(got.info.lifecycle_stage, "active")
    equals(got.data.params, {"depth": "4", "rate": "0.1", "features": "a, b", "none": "None", "empty": ""})
    equals(got.data.metrics["loss"], 1 / 20)
    equals(got.data.metrics["auc"], 0.93)
    assert math.isnan(got.data.metrics["not a number"])
    # SQL stores keep an infinity as the largest double.
    assert got.data.metrics["inf"] >= 1.7e308 and got.data.metrics["minus"] <= -1.7e308
    tags = got.data.tags
    equals((tags["team"], tags["stage"], tags["a/b"]), ("forecast", "trial", "1"))
    equals(tags["née"], "ünïcode 日本")
    equals(tags["mlflow.runName"], "first")
    equals(tags["mlflow.note.content"], "the *first* one")
    assert tags["mlflow.source.name"] and tags["mlflow.user"]
    history = MlflowClient().get_metric_history(run.info.run_id, "loss")
    equals([(m.step, m.value) for m in history], [(s, 1 / (s + 1)) for s in range(20)])


@scenario
def a_run_that_breaks_is_marked_failed_and_can_be_taken_up_again():
    new_experiment()
    try:
        with mlflow.start_run() as run:
            mlflow.log_metric("loss", 1)
            raise KeyError("out of data")
    except KeyError:
        pass
    run_id = run.info.run_id
    equals(mlflow.get_run(run_id).info.status, "FAILED")
    with mlflow.start_run(run_id=run_id):
        equals(mlflow.get_run(run_id).info.status, "RUNNING")
        mlflow.log_metric("loss", 0.5, step=1)
    again = mlflow.get_run(run_id)
    equals((again.info.status, again.data.metrics), ("FINISHED", {"loss": 0.5}))
    equals(mlflow.last_active_run().info.run_id, run_id)


@scenario
def a_run_gets_a_name_where_none_is_given():
    new_experiment()
    with mlflow.start_run() as run:
        pass
    name = mlflow.get_run(run.info.run_id).info.run_name
    words = name.split("-")
    assert len(words) == 3 and words[2].isdigit() and len(name) <= 20, name
    equals(mlflow.get_run(run.info.run_id).data.tags["mlflow.runName"], name)


@scenario
def a_param_is_final_and_the_client_is_told():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_param("z", 1)
        mlflow.log_param("z", 1)
        with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed", "'z'"):
            mlflow.log_param("z", 2)
        with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
            mlflow.log_params({"y": 1, "z": 3})
    equals(mlflow.get_run(run.info.run_id).data.params, {"z": "1"})


@scenario
def tags_are_overwritten_and_deleted():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.set_tag("k", "1")
        mlflow.set_tag("k", "2")
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
        with refused("RESOURCE_DOES_NOT_EXIST"):
            mlflow.delete_tag("never")
    tags = mlflow.get_run(run.info.run_id).data.tags
    equals(tags["k"], "2")
    assert "gone" not in tags


@scenario
def an_experiment_is_made_by_its_first_use():
    name = unique("made by use")
    made = mlflow.set_experiment(name)
    equals(mlflow.set_experiment(name).experiment_id, made.experiment_id)
    mlflow.set_experiment_tags({"owner": "tests", "n": 1})
    got = mlflow.get_experiment_by_name(name)
    equals((got.experiment_id, got.name, got.lifecycle_stage), (made.experiment_id, name, "active"))
    tags = {key: got.tags[key] for key in ("owner", "n")}
    equals(tags, {"owner": "tests", "n": "1"})
    mlflow.delete_experiment(made.experiment_id)
    equals(mlflow.get_experiment(made.experiment_id).lifecycle_stage, "deleted")
    with refused("INVALID_PARAMETER_VALUE", "deleted"):
        mlflow.set_experiment(name)


@scenario
def the_default_experiment_is_there():
    equals(mlflow.get_experiment("0").name, "Default")
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_metric("m", 1)
    equals(mlflow.get_run(run.info.run_id).info.experiment_id, "0")
    assert mlflow.get_experiment_by_name(unique("no such")) is None


@scenario
def runs_in_other_threads_and_processes_are_their_own():
    experiment_id = new_experiment()

    def train(name: str) -> None:
        with mlflow.start_run(run_name=name):
            mlflow.log_metric("m", len(name))

    with mlflow.start_run(run_name="main"):
        threads = [threading.Thread(target=train, args=(f"thread {i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with mlflow.start_run(run_name="shared") as run:
        pass
    script = "import mlflow; mlflow.log_metric('from', 7)"
    with environment(MLFLOW_RUN_ID=run.info.run_id):
        subprocess.run([sys.executable, "-c", script], check=True, env=os.environ, stdout=subprocess.DEVNULL)
    equals(mlflow.get_run(run.info.run_id).data.metrics, {"from": 7})
    found = mlflow.search_runs([experiment_id], output_format="list")
    equals(sorted(r.info.run_name for r in found), ["main", "shared", *(f"thread {i}" for i in range(4))])


@scenario
def twenty_writers_on_one_run_lose_nothing():
    new_experiment()
    client = MlflowClient()
    with mlflow.start_run() as run:
        run_id = run.info.run_id
    failures = []

    def write(worker: int) -> None:
        try:
            for step in range(10):
                client.log_metric(run_id, "shared", worker * 10 + step, step=step, timestamp=1_700_000_000_000 + worker)
                client.log_metric(run_id, f"own {worker}", step, step=step)
            client.log_param(run_id, f"p{worker}", worker)
            client.set_tag(run_id, f"t{worker}", worker)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equals(failures, [])
    data = client.get_run(run_id).data
    equals({k: v for k, v in data.params.items()}, {f"p{i}": str(i) for i in range(20)})
    equals({k: v for k, v in data.tags.items() if k.startswith("t")}, {f"t{i}": str(i) for i in range(20)})
    equals([data.metrics[f"own {i}"] for i in range(20)], [9.0] * 20)
    shared = client.get_metric_history(run_id, "shared")
    equals(sorted(m.value for m in shared), [float(v) for v in range(200)])
    equals(data.metrics["shared"], 199.0)
