"""What is done to registered models and their versions: renamed, described, tagged, staged, copied, deleted, searched."""

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, eventually, new_experiment, refused, scenario, unique


def _model(client: MlflowClient, kind: str, versions: int = 0) -> str:
    name = unique(kind)
    client.create_registered_model(name)
    for number in range(versions):
        client.create_model_version(name, f"s3://bucket/{number}")
    return name


def _stages(versions) -> "dict[str, str]":
    return {version.current_stage: str(version.version) for version in versions}


@scenario(peer_defect="MLflow 2 takes a slash in a name, which no URI of a model can hold")
def a_renamed_model_keeps_what_it_has_and_frees_its_name():
    client = MlflowClient()
    name, new_name = _model(client, "before", 2), unique("after")
    client.set_registered_model_alias(name, "champion", "1")
    client.set_model_version_tag(name, "1", "k", "v")
    client.rename_registered_model(name, new_name)
    with refused("RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={name} not found"):
        client.get_registered_model(name)
    held = client.get_model_version_by_alias(new_name, "champion")
    equals((held.name, str(held.version), held.tags), (new_name, "1", {"k": "v"}))
    eventually(
        lambda: equals(
            sorted((v.name, str(v.version)) for v in client.search_model_versions(f"name = '{new_name}'")),
            [(new_name, "1"), (new_name, "2")],
        )
    )
    equals(list(client.search_model_versions(f"name = '{name}'")), [])
    client.create_registered_model(name)
    with refused("RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already exists."):
        client.rename_registered_model(new_name, name)
    with refused("INVALID_PARAMETER_VALUE", "Names cannot contain '/' or ':'"):
        client.rename_registered_model(new_name, "a/b")


@scenario
def descriptions_and_tags_change():
    client = MlflowClient()
    name = _model(client, "described", 1)
    equals(client.update_registered_model(name, "a model").description, "a model")
    equals(client.update_model_version(name, "1", "a version").description, "a version")
    client.set_registered_model_tag(name, "team", "red")
    client.set_registered_model_tag(name, "team", "blue")
    client.set_registered_model_tag(name, "long", "v" * 5000)
    client.set_model_version_tag(name, "1", "a/b c:d", "ä")
    equals(client.get_registered_model(name).tags, {"team": "blue", "long": "v" * 5000})
    equals(client.get_model_version(name, "1").tags, {"a/b c:d": "ä"})
    for _ in range(2):
        client.delete_registered_model_tag(name, "team")
        client.delete_model_version_tag(name, "1", "a/b c:d")
    equals(client.get_registered_model(name).tags, {"long": "v" * 5000})
    equals(client.get_model_version(name, "1").tags, {})
    with refused("INVALID_PARAMETER_VALUE", "exceeds the maximum length of 250 characters"):
        client.set_registered_model_tag(name, "k" * 251, "v")
    with refused("INVALID_PARAMETER_VALUE", "'value' exceeds the maximum length of"):
        client.set_model_version_tag(name, "1", "k", "v" * 100_001)
    with refused("INVALID_PARAMETER_VALUE", "Names may only contain"):
        client.set_registered_model_tag(name, "a?b", "v")
    with refused("RESOURCE_DOES_NOT_EXIST", f"Model Version (name={name}, version=2) not found"):
        client.set_model_version_tag(name, "2", "k", "v")


@scenario
def stages_move_and_archive():
    client = MlflowClient()
    name = _model(client, "staged", 5)
    for version, stage in (("1", "production"), ("2", "Production"), ("3", "STAGING")):
        client.transition_model_version_stage(name, version, stage)
    moved = client.transition_model_version_stage(name, "4", "Production", archive_existing_versions=True)
    equals((str(moved.version), moved.current_stage), ("4", "Production"))
    latest = {"None": "5", "Staging": "3", "Production": "4", "Archived": "2"}
    equals(_stages(client.get_latest_versions(name)), latest)
    equals(_stages(client.get_latest_versions(name, ["staging", "Archived"])), {"Staging": "3", "Archived": "2"})
    equals(_stages(client.get_registered_model(name).latest_versions), latest)
    eventually(
        lambda: equals(
            [_stages(model.latest_versions) for model in client.search_registered_models(f"name = '{name}'")], [latest]
        )
    )
    eventually(
        lambda: equals(
            sorted((str(v.version), v.current_stage) for v in client.search_model_versions(f"name = '{name}'")),
            [("1", "Archived"), ("2", "Archived"), ("3", "Staging"), ("4", "Production"), ("5", "None")],
        )
    )
    with refused("INVALID_PARAMETER_VALUE", "Invalid Model Version stage: Live."):
        client.transition_model_version_stage(name, "1", "Live")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.transition_model_version_stage(name, "6", "Staging")


@scenario(peer_defect="answers 500 to what is the caller's to mend, which clients try again")
def only_active_stages_are_emptied():
    client = MlflowClient()
    name = _model(client, "inactive", 1)
    with refused("INVALID_PARAMETER_VALUE", "because 'Archived' is not an Active stage"):
        client.transition_model_version_stage(name, "1", "Archived", archive_existing_versions=True)


@scenario(peer_defect="MLflow 2 leaves aliases that lead to a deleted version")
def a_deleted_version_takes_its_aliases_along_and_never_comes_back():
    client = MlflowClient()
    name = _model(client, "cut", 3)
    client.set_registered_model_alias(name, "champion", "3")
    client.transition_model_version_stage(name, "3", "Production")
    client.delete_model_version(name, "3")
    with refused("RESOURCE_DOES_NOT_EXIST", f"Model Version (name={name}, version=3) not found"):
        client.get_model_version(name, "3")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_model_version(name, "3")
    equals(client.get_registered_model(name).aliases, {})
    equals(_stages(client.get_latest_versions(name)), {"None": "2"})
    equals(str(client.create_model_version(name, "s3://bucket/4").version), "4")
    eventually(
        lambda: equals(
            sorted(str(v.version) for v in client.search_model_versions(f"name = '{name}'")), ["1", "2", "4"]
        )
    )


@scenario
def a_deleted_model_is_gone_and_its_name_free():
    client = MlflowClient()
    name = _model(client, "brief", 2)
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_registered_model(name)
    for call in (
        lambda: client.get_registered_model(name),
        lambda: client.get_latest_versions(name),
        lambda: client.delete_registered_model(name),
    ):
        with refused("RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={name} not found"):
            call()
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(name, "1")
    again = client.create_registered_model(name)
    equals((again.aliases, again.latest_versions), ({}, []))
    equals(str(client.create_model_version(name, "s3://bucket/1").version), "1")
    eventually(lambda: equals(len(client.search_model_versions(f"name = '{name}'")), 1))


@scenario
def a_copied_version_leads_to_the_same_files():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/data.txt")
    client = MlflowClient()
    name, copy = _model(client, "original"), unique("copy")
    source = f"{run.info.artifact_uri}/model"
    client.create_model_version(name, source, run_id=run.info.run_id, tags={"k": "v"}, description="the original")
    first = client.copy_model_version(f"models:/{name}/1", copy)
    equals((first.name, str(first.version), first.source), (copy, "1", f"models:/{name}/1"))
    equals((first.run_id, first.tags, first.description), (run.info.run_id, {"k": "v"}, "the original"))
    client.set_registered_model_alias(copy, "champion", "1")
    second = client.copy_model_version(f"models:/{copy}@champion", copy)
    equals((str(second.version), second.source), ("2", f"models:/{copy}/1"))
    equals(client.get_model_version_download_uri(copy, "2"), source)
    # The client asks for the original first, and tells of its failure in words of its own.
    with refused("INTERNAL_ERROR", f"Model Version (name={name}, version=9) not found"):
        client.copy_model_version(f"models:/{name}/9", copy)


@scenario
def models_and_versions_are_searched():
    client = MlflowClient()
    mark = unique("team").replace(" ", "-")
    names = [f"{mark}-{letter}" for letter in "abc"]
    for index, name in enumerate(names):
        client.create_registered_model(name, tags={"team": mark, "index": str(index)})
        for number in range(2):
            client.create_model_version(name, f"s3://{mark}/{index}/{number}", tags={"n": str(number)})

    def models(filter_string, **options):
        return [model.name for model in client.search_registered_models(filter_string, **options)]

    def versions(filter_string, **options):
        return [(v.name, str(v.version)) for v in client.search_model_versions(filter_string, **options)]

    eventually(lambda: equals(models(f"tags.team = '{mark}'"), names))
    equals(models(f"name LIKE '{mark}-%'", order_by=["name DESC"]), names[::-1])
    equals(models(f"name ILIKE '{mark.upper()}-A'"), names[:1])
    equals(models(f"tags.team = '{mark}' AND tags.index != '1'"), [names[0], names[2]])
    page = client.search_registered_models(f"tags.team = '{mark}'", max_results=2)
    equals([model.name for model in page], names[:2])
    rest = client.search_registered_models(f"tags.team = '{mark}'", max_results=2, page_token=page.token)
    equals(([model.name for model in rest], rest.token or None), (names[2:], None))
    eventually(lambda: equals(len(versions(f"source_path LIKE 's3://{mark}/%'")), 6))
    equals(versions(f"name = '{names[0]}' AND tags.n = '1'"), [(names[0], "2")])
    equals(
        versions(f"source_path LIKE 's3://{mark}/%' AND version_number > 1", order_by=["name DESC"]),
        [(name, "2") for name in names[::-1]],
    )
    equals(
        versions(f"name = '{names[1]}'", order_by=["version_number ASC"]), [(names[1], "1"), (names[1], "2")]
    )
    for search in (client.search_registered_models, client.search_model_versions):
        for wrong in ("name == 'a'", "name = 'a' OR name = 'b'", "owner = 'me'"):
            with refused("INVALID_PARAMETER_VALUE"):
                search(wrong)


@scenario(peer_defect="MLflow 2 takes a slash in a name, which no URI of a model can hold")
def what_no_model_or_alias_is_called_is_refused():
    client = MlflowClient()
    name = _model(client, "named", 1)
    for wrong in ("a/b", "a:b", "..", "./a"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_registered_model(wrong)
    for wrong in ("latest", "v1", "a b", "a" * 256):
        with refused("INVALID_PARAMETER_VALUE"):
            client.set_registered_model_alias(name, wrong, "1")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_alias(name, "champion", "2")
    for wrong in ("/etc/passwd", "file:///etc/passwd", "s3://bucket/a/../b", "mlflow-artifacts:/a/%2e%2e/b"):
        with refused("INVALID_PARAMETER_VALUE", "Invalid model version source"):
            client.create_model_version(name, wrong)


@scenario(since=3)
def a_source_is_of_the_run_that_is_named():
    experiment = new_experiment()
    client = MlflowClient()
    run, other = (client.create_run(experiment).info for _ in range(2))
    name = _model(client, "sourced")
    for source in (f"runs:/{run.run_id}/model", f"{run.artifact_uri}/model"):
        equals(client.create_model_version(name, source, run_id=run.run_id).run_id, run.run_id)
        with refused("INVALID_PARAMETER_VALUE", "The run_id request parameter must identify"):
            client.create_model_version(name, source, run_id=other.run_id)
