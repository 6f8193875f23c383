"""Runs by MlflowClient: what is logged to them, its limits, and their life."""

import time

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from harness import equals, new_experiment, refused, scenario


def new_run(**options) -> str:
    return MlflowClient().create_run(new_experiment(), **options).info.run_id


@scenario
def a_run_is_created_as_told():
    client = MlflowClient()
    experiment_id = new_experiment()
    run = client.create_run(experiment_id, start_time=1_600_000_000_123, tags={"a": "b"}, run_name="told")
    equals((run.info.start_time, run.info.run_name, run.info.status), (1_600_000_000_123, "told", "RUNNING"))
    equals(run.info.artifact_uri, f"mlflow-artifacts:/{experiment_id}/{run.info.run_id}/artifacts")
    got = client.get_run(run.info.run_id)
    equals(got.info.end_time, None)
    equals((got.data.metrics, got.data.params), ({}, {}))
    equals(got.data.tags, {"a": "b", "mlflow.runName": "told"})
    named = client.create_run(experiment_id, tags={"mlflow.runName": "by tag"})
    equals(named.info.run_name, "by tag")
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_run(experiment_id, tags={"mlflow.runName": "one"}, run_name="other")


@scenario
def a_run_is_updated_and_ended():
    client = MlflowClient()
    run_id = new_run(run_name="before")
    client.update_run(run_id, status="SCHEDULED", name="after")
    got = client.get_run(run_id)
    equals((got.info.status, got.info.run_name, got.data.tags["mlflow.runName"]), ("SCHEDULED", "after", "after"))
    client.set_terminated(run_id, status="KILLED", end_time=1_700_000_000_456)
    got = client.get_run(run_id).info
    equals((got.status, got.end_time), ("KILLED", 1_700_000_000_456))
    client.set_tag(run_id, "mlflow.runName", "by tag")
    equals(client.get_run(run_id).info.run_name, "by tag")
    client.set_terminated(run_id)
    equals(client.get_run(run_id).info.status, "FINISHED")


@scenario
def a_run_is_deleted_and_restored():
    client = MlflowClient()
    run_id = new_run()
    client.delete_run(run_id)
    equals(client.get_run(run_id).info.lifecycle_stage, "deleted")
    for write in (
        lambda: client.log_metric(run_id, "m", 1),
        lambda: client.set_tag(run_id, "t", 1),
        lambda: client.log_batch(run_id, params=[Param("p", "1")]),
        lambda: client.update_run(run_id, name="x"),
    ):
        with refused("INVALID_PARAMETER_VALUE", "must be in the 'active' state"):
            write()
    client.restore_run(run_id)
    equals(client.get_run(run_id).info.lifecycle_stage, "active")
    client.log_metric(run_id, "m", 1)
    equals(client.get_run(run_id).data.metrics, {"m": 1.0})


@scenario
def a_run_that_is_not_there_is_not_found():
    client = MlflowClient()
    missing = "0" * 31 + "1"
    with refused("RESOURCE_DOES_NOT_EXIST", f"Run with id={missing} not found"):
        client.get_run(missing)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.log_metric(missing, "m", 1)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_run(missing)


@scenario
def a_batch_is_logged_whole():
    client = MlflowClient()
    run_id = new_run()
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(f"m{i % 10}", i / 7, now + i, i // 10) for i in range(500)],
        params=[Param(f"p{i}", str(i)) for i in range(100)],
        tags=[RunTag(f"t{i}", str(-i)) for i in range(100)],
    )
    data = client.get_run(run_id).data
    equals(data.params, {f"p{i}": str(i) for i in range(100)})
    equals({k: v for k, v in data.tags.items() if k[0] == "t"}, {f"t{i}": str(-i) for i in range(100)})
    equals(data.metrics, {f"m{i % 10}": i / 7 for i in range(490, 500)})
    equals(
        [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run_id, "m3")],
        [(i // 10, i / 7, now + i) for i in range(3, 500, 10)],
    )
    client.log_batch(run_id)
    client.log_batch(run_id, metrics=[Metric("many", i, now, i) for i in range(1000)])
    equals(len(client.get_metric_history(run_id, "many")), 1000)


@scenario
def a_batch_over_the_limits_is_split_by_the_client_and_arrives_whole():
    client = MlflowClient()
    run_id = new_run()
    client.log_batch(
        run_id,
        metrics=[Metric(f"m{i}", i, 1, 1) for i in range(2500)],
        params=[Param(f"p{i}", str(i)) for i in range(250)],
        tags=[RunTag(f"t{i}", str(i)) for i in range(150)],
    )
    data = client.get_run(run_id).data
    equals(data.metrics, {f"m{i}": float(i) for i in range(2500)})
    equals(data.params, {f"p{i}": str(i) for i in range(250)})
    equals({k: v for k, v in data.tags.items() if k[0] == "t"}, {f"t{i}": str(i) for i in range(150)})


@scenario
def a_batch_with_a_changed_param_leaves_nothing_behind():
    client = MlflowClient()
    run_id = new_run()
    client.log_batch(run_id, params=[Param("kept", "1")])
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
        client.log_batch(run_id, metrics=[Metric("m", 1, 1, 1)], params=[Param("kept", "2"), Param("new", "1")])
    data = client.get_run(run_id).data
    equals((data.params, data.metrics), ({"kept": "1"}, {}))
    with refused("INVALID_PARAMETER_VALUE", "twice"):
        client.log_batch(run_id, params=[Param("twice", "1"), Param("twice", "2")])


@scenario
def long_values_are_cut_and_long_keys_refused():
    client = MlflowClient()
    run_id = new_run()
    client.log_param(run_id, "long", "ä" * 7000)
    client.set_tag(run_id, "long", "x" * 9000)
    client.log_param(run_id, "fits", "y" * 6000)
    data = client.get_run(run_id).data
    equals(data.params["long"], "ä" * 6000)
    equals(data.params["fits"], "y" * 6000)
    equals(data.tags["long"], "x" * 8000)
    client.log_metric(run_id, "k" * 250, 1)
    equals(client.get_run(run_id).data.metrics["k" * 250], 1.0)
    for write in (
        lambda: client.log_metric(run_id, "k" * 251, 1),
        lambda: client.log_param(run_id, "k" * 251, 1),
        lambda: client.set_tag(run_id, "k" * 251, 1),
        lambda: client.log_metric(run_id, "a//b", 1),
        lambda: client.log_metric(run_id, "../up", 1),
        lambda: client.log_metric(run_id, "what?", 1),
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            write()


@scenario
def the_latest_metric_is_of_the_largest_step():
    client = MlflowClient()
    run_id = new_run()
    client.log_metric(run_id, "m", 5, timestamp=100, step=5)
    client.log_metric(run_id, "m", 1, timestamp=900, step=1)
    client.log_metric(run_id, "m", 6, timestamp=50, step=5)
    client.log_metric(run_id, "m", -3, timestamp=1000, step=-3)
    client.log_metric(run_id, "m", 5, timestamp=100, step=5)
    equals(client.get_run(run_id).data.metrics, {"m": 5.0})
    equals(
        sorted((m.timestamp, m.step, m.value) for m in client.get_metric_history(run_id, "m")),
        [(50, 5, 6.0), (100, 5, 5.0), (900, 1, 1.0), (1000, -3, -3.0)],
    )
    equals(client.get_metric_history(run_id, "never logged"), [])


@scenario
def a_long_history_comes_back_whole_and_in_order():
    client = MlflowClient()
    run_id = new_run()
    for start in range(0, 5000, 1000):
        client.log_batch(run_id, metrics=[Metric("loss", 1 / (i + 1), 1_700_000_000_000 + i, i) for i in range(start, start + 1000)])
    history = client.get_metric_history(run_id, "loss")
    equals([m.step for m in history], list(range(5000)))
    equals(history[4321].value, 1 / 4322)


@scenario
def tags_are_deleted():
    client = MlflowClient()
    run_id = new_run(tags={"a": "1", "b": "2"})
    client.delete_tag(run_id, "a")
    tags = client.get_run(run_id).data.tags
    assert "a" not in tags and tags["b"] == "2", tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_tag(run_id, "a")


@scenario
def datasets_are_inputs_of_a_run_once_each():
    new_experiment()
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
    train = mlflow.data.from_pandas(frame, source="https://example.com/train.csv", name="train set", targets="y")
    holdout = mlflow.data.from_pandas(frame.head(1), source="https://example.com/test.csv", name="holdout")
    with mlflow.start_run() as run:
        mlflow.log_input(train, context="training", tags={"quality": "good"})
        mlflow.log_input(train, context="training")
        mlflow.log_input(holdout, context="eval")
    inputs = MlflowClient().get_run(run.info.run_id).inputs.dataset_inputs
    by_name = {i.dataset.name: i for i in inputs}
    equals(sorted(by_name), ["holdout", "train set"])
    got = by_name["train set"]
    equals((got.dataset.digest, got.dataset.source_type), (train.digest, "http"))
    equals({t.key: t.value for t in got.tags}, {"mlflow.data.context": "training", "quality": "good"})
    assert '"num_rows": 3' in got.dataset.profile and "colspec" in got.dataset.schema
    source = mlflow.data.get_source(got)
    equals(source.url, "https://example.com/train.csv")


@scenario
def a_parent_is_found_from_its_child():
    client = MlflowClient()
    experiment_id = new_experiment()
    parent = client.create_run(experiment_id).info.run_id
    child = client.create_run(experiment_id, tags={"mlflow.parentRunId": parent}).info.run_id
    equals(client.get_parent_run(child).info.run_id, parent)
    assert client.get_parent_run(parent) is None
