"""Logged models, which MLflow 3 keeps beside runs."""

import os
import tempfile

import mlflow
import pandas as pd
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from harness import equals, eventually, new_experiment, refused, scenario


@scenario(since=3)
def a_logged_model_is_created_finalized_tagged_and_deleted():
    client = MlflowClient()
    experiment_id = new_experiment()
    run_id = client.create_run(experiment_id).info.run_id
    model = client.create_logged_model(
        experiment_id, name="tree", source_run_id=run_id, tags={"a": "1"}, params={"depth": "3"}, model_type="classifier"
    )
    assert model.model_id.startswith("m-") and len(model.model_id) == 34, model.model_id
    equals((model.name, model.status, model.source_run_id, model.model_type), ("tree", "PENDING", run_id, "classifier"))
    equals(model.artifact_location, f"mlflow-artifacts:/{experiment_id}/models/{model.model_id}/artifacts")
    client.set_logged_model_tags(model.model_id, {"b": "2", "a": "changed"})
    client.log_model_params(model.model_id, {"leaf": "5"})
    ready = client.finalize_logged_model(model.model_id, "READY")
    equals((ready.status, ready.model_id), ("READY", model.model_id))
    client.delete_logged_model_tag(model.model_id, "b")
    got = client.get_logged_model(model.model_id)
    equals((got.params, got.tags), ({"depth": "3", "leaf": "5"}, {"a": "changed"}))
    assert 0 < got.creation_timestamp <= got.last_updated_timestamp
    client.delete_logged_model(model.model_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_logged_model(model.model_id)
    failed = client.create_logged_model(experiment_id)
    assert failed.name
    equals(client.finalize_logged_model(failed.model_id, "FAILED").status, "FAILED")


@scenario(since=3)
def a_logged_model_keeps_files():
    client = MlflowClient()
    model = mlflow.initialize_logged_model(name="files", experiment_id=new_experiment())
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "data"))
        for name in ("a b.txt", "data/100%.txt"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(name)
        client.log_model_artifacts(model.model_id, folder)
        client.log_model_artifact(model.model_id, os.path.join(folder, "a b.txt"), "more")
    mlflow.finalize_logged_model(model.model_id, "READY")
    equals([f.path for f in client.list_logged_model_artifacts(model.model_id)], ["a b.txt", "data", "more"])
    equals([f.path for f in client.list_logged_model_artifacts(model.model_id, "data")], ["data/100%.txt"])
    with tempfile.TemporaryDirectory() as target:
        local = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=target)
        with open(os.path.join(local, "data", "100%.txt"), encoding="utf-8") as file:
            equals(file.read(), "data/100%.txt")


@scenario(since=3)
def metrics_of_a_model_and_a_dataset_are_kept_with_both():
    client = MlflowClient()
    experiment_id = new_experiment()
    model = client.create_logged_model(experiment_id, name="scored")
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0]}), name="holdout")
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.5, step=1, model_id=model.model_id, dataset=data)
        mlflow.log_metric("auc", 0.75, step=2, model_id=model.model_id, dataset=data)
        mlflow.log_metrics({"loss": 0.25}, model_id=model.model_id)
        client.log_batch(run.info.run_id, metrics=[Metric("plain", 1, 1, 0, model_id=model.model_id)])
    equals(mlflow.get_run(run.info.run_id).data.metrics, {"auc": 0.75, "loss": 0.25, "plain": 1.0})
    found = {m.key: m for m in client.get_logged_model(model.model_id).metrics}
    equals(sorted(found), ["auc", "loss", "plain"])
    auc = found["auc"]
    equals((auc.value, auc.step, auc.run_id), (0.75, 2, run.info.run_id))
    equals((auc.dataset_name, auc.dataset_digest), ("holdout", data.digest))


@scenario(since=3)
def models_are_inputs_and_outputs_of_runs():
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    client = MlflowClient()
    experiment_id = new_experiment()
    made = client.create_logged_model(experiment_id, name="made")
    used = client.create_logged_model(experiment_id, name="used")
    run_id = client.create_run(experiment_id).info.run_id
    client.log_outputs(run_id, [LoggedModelOutput(made.model_id, 7)])
    client.log_inputs(run_id, models=[LoggedModelInput(used.model_id)])
    run = client.get_run(run_id)
    equals([(o.model_id, o.step) for o in run.outputs.model_outputs], [(made.model_id, 7)])
    equals([i.model_id for i in run.inputs.model_inputs], [used.model_id])


@scenario(since=3)
def logged_models_are_searched():
    client = MlflowClient()
    experiment_id = new_experiment()
    run_id = client.create_run(experiment_id).info.run_id
    ids = []
    for i in range(4):
        model = client.create_logged_model(
            experiment_id, name=f"model {i}", tags={"parity": "even" if i % 2 == 0 else "odd"}, params={"depth": str(i)}, model_type="tree"
        )
        client.log_metric(run_id, "score", i / 4, model_id=model.model_id, dataset_name="holdout", dataset_digest="d1")
        ids.append(model.model_id)

    def found(filter_string=None, **options) -> "list[int]":
        return [ids.index(m.model_id) for m in client.search_logged_models([experiment_id], filter_string, **options)]

    ascending = [{"field_name": "metrics.score", "ascending": True}]

    def holds():
        equals(found(), [3, 2, 1, 0])
        equals(found("name = 'model 1'"), [1])
        equals(found("attributes.name LIKE 'model%' AND tags.parity = 'odd'"), [3, 1])
        equals(found("params.depth = '2'"), [2])
        equals(found("metrics.score >= 0.5"), [3, 2])
        equals(found("metrics.score > 0.1", datasets=[{"dataset_name": "holdout", "dataset_digest": "d1"}]), [3, 2, 1])
        equals(found("metrics.score > 0.1", datasets=[{"dataset_name": "other"}]), [])
        equals(found(f"model_id IN ('{ids[0]}', '{ids[2]}')"), [2, 0])
        equals(found(order_by=ascending), [0, 1, 2, 3])
        equals(found(order_by=[{"field_name": "name", "ascending": False}]), [3, 2, 1, 0])
        first = client.search_logged_models([experiment_id], max_results=3, order_by=ascending)
        rest = client.search_logged_models([experiment_id], max_results=3, order_by=ascending, page_token=first.token)
        equals([ids.index(m.model_id) for m in [*first, *rest]], [0, 1, 2, 3])
        equals(rest.token, None)

    eventually(holds)
    frame = mlflow.search_logged_models([experiment_id], filter_string="tags.parity = 'even'")
    equals(list(frame["name"]), ["model 2", "model 0"])
    for filter_string in ("name", "(name = 'a')", "name = 'a' OR name = 'b'", "tags.parity > 'a'"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.search_logged_models([experiment_id], filter_string)


@scenario(since=3, peer_defect="an unknown field is answered with 500")
def an_unknown_field_of_logged_models_is_refused():
    with refused("INVALID_PARAMETER_VALUE", "nonsense"):
        MlflowClient().search_logged_models([new_experiment()], "nonsense = 'x'")


@scenario(since=3, peer_defect="the status is compared with its number in the database")
def logged_models_are_searched_by_status():
    client = MlflowClient()
    experiment_id = new_experiment()
    ready = client.create_logged_model(experiment_id).model_id
    pending = client.create_logged_model(experiment_id).model_id
    client.finalize_logged_model(ready, "READY")

    def holds():
        for status, expected in (("READY", [ready]), ("PENDING", [pending]), ("FAILED", [])):
            found = client.search_logged_models([experiment_id], f"status = '{status}'")
            equals([m.model_id for m in found], expected)

    eventually(holds)


@scenario(since=3)
def an_external_model_needs_no_files():
    experiment_id = new_experiment()
    with mlflow.start_run() as run:
        model = mlflow.create_external_model(name="elsewhere", tags={"where": "a cluster"}, model_type="agent")
        mlflow.set_active_model(model_id=model.model_id)
        mlflow.log_metric("latency", 3)
    mlflow.clear_active_model()
    got = mlflow.get_logged_model(model.model_id)
    equals((got.status, got.experiment_id, got.source_run_id), ("READY", experiment_id, run.info.run_id))
    equals(got.tags["where"], "a cluster")
