"""The model registry: names, versions, aliases, and the files of a version."""

import tempfile

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, eventually, new_experiment, refused, scenario, unique


@scenario
def a_model_is_registered_and_found_by_alias():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/data.txt")
    client = MlflowClient()
    name = unique("model")
    made = client.create_registered_model(name, description="made by a test", tags={"owner": "tests"})
    equals((made.name, made.description, made.tags), (name, "made by a test", {"owner": "tests"}))
    with refused("RESOURCE_ALREADY_EXISTS", "already exists"):
        client.create_registered_model(name)
    first = client.create_model_version(name, f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    second = client.create_model_version(
        name, f"runs:/{run.info.run_id}/model", run_id=run.info.run_id, tags={"k": "v"}, description="the second"
    )
    equals((str(first.version), str(second.version)), ("1", "2"))
    got = client.get_model_version(name, "2")
    equals((got.run_id, got.status, got.tags, got.description), (run.info.run_id, "READY", {"k": "v"}, "the second"))
    client.set_registered_model_alias(name, "champion", "1")
    equals(str(client.get_model_version_by_alias(name, "champion").version), "1")
    client.set_registered_model_alias(name, "champion", "2")
    held = client.get_model_version_by_alias(name, "champion")
    equals((str(held.version), held.run_id, held.aliases), ("2", run.info.run_id, ["champion"]))
    equals({k: str(v) for k, v in client.get_registered_model(name).aliases.items()}, {"champion": "2"})
    eventually(lambda: equals([m.name for m in client.search_registered_models() if m.name == name], [name]))
    client.delete_registered_model_alias(name, "champion")
    with refused("INVALID_PARAMETER_VALUE", "alias champion not found"):
        client.get_model_version_by_alias(name, "champion")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(unique("nobody"))
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(name, "3")


@scenario
def the_files_of_a_version_are_downloaded():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/data.txt")
    client = MlflowClient()
    name = unique("model")
    client.create_registered_model(name)
    client.create_model_version(name, f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    equals(client.get_model_version_download_uri(name, "1"), f"{run.info.artifact_uri}/model")
    with tempfile.TemporaryDirectory() as target:
        local = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=target)
        with open(f"{local}/data.txt", encoding="utf-8") as file:
            equals(file.read(), "weights")
