"""Experiments by MlflowClient: their names, tags and life."""

from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

from harness import equals, eventually, refused, scenario, unique


@scenario
def an_experiment_is_created_read_and_tagged():
    client = MlflowClient()
    name = unique("créé / 日本 %41")
    experiment_id = client.create_experiment(name, tags={"kind": "test", "note": "a 'quoted' \"text\""})
    got = client.get_experiment(experiment_id)
    equals((got.experiment_id, got.name, got.lifecycle_stage), (experiment_id, name, "active"))
    equals(got.artifact_location, f"mlflow-artifacts:/{experiment_id}")
    assert 0 < got.creation_time <= got.last_update_time
    client.set_experiment_tag(experiment_id, "kind", "changed")
    client.set_experiment_tag(experiment_id, "more", 2)
    tags = client.get_experiment_by_name(name).tags
    equals({k: tags[k] for k in ("kind", "note", "more")}, {"kind": "changed", "note": "a 'quoted' \"text\"", "more": "2"})


@scenario(since=3)
def a_tag_of_an_experiment_is_deleted():
    client = MlflowClient()
    experiment_id = client.create_experiment(unique("tags"), tags={"a": "1", "b": "2"})
    client.delete_experiment_tag(experiment_id, "a")
    tags = client.get_experiment(experiment_id).tags
    assert "a" not in tags and tags["b"] == "2", tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_experiment_tag(experiment_id, "a")


@scenario
def a_name_is_held_by_one_experiment_even_a_deleted_one():
    client = MlflowClient()
    name = unique("taken")
    experiment_id = client.create_experiment(name)
    with refused("RESOURCE_ALREADY_EXISTS", f"Experiment(name={name}) already exists"):
        client.create_experiment(name)
    client.delete_experiment(experiment_id)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(name)


@scenario
def an_experiment_is_renamed():
    client = MlflowClient()
    old, new = unique("old"), unique("new")
    experiment_id = client.create_experiment(old)
    client.rename_experiment(experiment_id, new)
    equals(client.get_experiment(experiment_id).name, new)
    equals(client.get_experiment_by_name(new).experiment_id, experiment_id)
    assert client.get_experiment_by_name(old) is None
    assert client.create_experiment(old) != experiment_id


@scenario(peer_defect="the refusal is BAD_REQUEST with the text of the SQL")
def an_experiment_is_not_renamed_to_a_taken_name():
    client = MlflowClient()
    taken = unique("taken")
    client.create_experiment(taken)
    experiment_id = client.create_experiment(unique("other"))
    with refused("RESOURCE_ALREADY_EXISTS", taken):
        client.rename_experiment(experiment_id, taken)


@scenario
def an_experiment_is_deleted_with_its_runs_and_restored():
    client = MlflowClient()
    experiment_id = client.create_experiment(unique("deleted"))
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_experiment(experiment_id)
    equals(client.get_experiment(experiment_id).lifecycle_stage, "deleted")
    equals(client.get_run(run_id).info.lifecycle_stage, "deleted")
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(run_id, "m", 1)
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_run(experiment_id)
    eventually(lambda: equals(client.search_runs([experiment_id]), []))
    client.restore_experiment(experiment_id)
    equals(client.get_experiment(experiment_id).lifecycle_stage, "active")
    equals(client.get_run(run_id).info.lifecycle_stage, "active")
    client.log_metric(run_id, "m", 1)
    eventually(lambda: equals([r.info.run_id for r in client.search_runs([experiment_id])], [run_id]))


@scenario
def what_is_not_there_is_not_found():
    client = MlflowClient()
    with refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=987654321 exists"):
        client.get_experiment("987654321")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_experiment("987654321")
    assert client.get_experiment_by_name(unique("nobody")) is None


@scenario
def experiments_are_searched_by_name_tag_and_stage():
    client = MlflowClient()
    mark = unique("mark").replace(" ", "-")
    ids = [
        client.create_experiment(f"{mark} {label}", tags={"mark": mark, "label": label})
        for label in ("Alpha", "beta", "gamma")
    ]
    client.delete_experiment(ids[2])

    def names(filter_string, **options):
        found = client.search_experiments(filter_string=filter_string, **options)
        return [e.name.removeprefix(f"{mark} ") for e in found]

    mine = f"tags.mark = '{mark}'"

    def holds():
        equals(names(mine), ["beta", "Alpha"])
        equals(names(mine, order_by=["name ASC"]), ["Alpha", "beta"])
        equals(names(mine, order_by=["name DESC"]), ["beta", "Alpha"])
        equals(names(mine, order_by=["creation_time ASC"]), ["Alpha", "beta"])
        equals(names(mine, view_type=ViewType.DELETED_ONLY), ["gamma"])
        equals(sorted(names(mine, view_type=ViewType.ALL)), ["Alpha", "beta", "gamma"])
        equals(names(f"name = '{mark} Alpha'"), ["Alpha"])
        equals(names(f"name LIKE '{mark} a%'"), [])
        equals(names(f"attribute.name ILIKE '{mark.upper()} a%'"), ["Alpha"])
        equals(names(f"{mine} AND tags.label != 'Alpha'"), ["beta"])
        equals(names(f"{mine} and creation_time > 0 and last_update_time > 0"), ["beta", "Alpha"])
        equals(names(f"{mine} AND creation_time < 1000"), [])

    eventually(holds)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_experiments(filter_string="name == 'x'")


@scenario
def experiments_are_paged():
    client = MlflowClient()
    mark = unique("paged").replace(" ", "-")
    ids = [client.create_experiment(f"{mark} {i}") for i in range(5)]

    def holds():
        found, token, pages = [], None, 0
        while pages == 0 or token:
            page = client.search_experiments(filter_string=f"name LIKE '{mark}%'", max_results=2, page_token=token)
            found += [e.experiment_id for e in page]
            token, pages = page.token, pages + 1
        equals((found, pages), (ids[::-1], 3))

    eventually(holds)
