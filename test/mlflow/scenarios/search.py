"""Search of runs: filters, orders, pages, and the data frame."""

import math

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient

from harness import equals, eventually, new_experiment, refused, scenario


def five_runs() -> "tuple[str, list[str]]":
    """Runs 0 to 4 of a new experiment, a millisecond apart: i, half, model and more."""
    client = MlflowClient()
    experiment_id = new_experiment()
    ids = []
    for i in range(5):
        run = client.create_run(
            experiment_id, start_time=1_700_000_000_000 + i, run_name=f"run {i}", tags={"parity": "even" if i % 2 == 0 else "odd"}
        )
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("i", i, 1, 0), Metric("half", i // 2, 1, 0), *([Metric("nan", math.nan if i == 1 else i, 1, 0)] if i < 3 else [])],
            params=[Param("model", ["Tree", "tree", "forest", "net", "net"][i]), Param("with space", str(i))],
            tags=[RunTag("a.b", f"v{i}")],
        )
        client.set_terminated(run.info.run_id, "FINISHED" if i < 4 else "FAILED", end_time=1_700_000_001_000 + i)
        ids.append(run.info.run_id)
    return experiment_id, ids


@scenario
def runs_are_filtered():
    client = MlflowClient()
    experiment_id, ids = five_runs()

    def found(filter_string: str) -> "list[int]":
        return sorted(ids.index(r.info.run_id) for r in client.search_runs([experiment_id], filter_string))

    def holds():
        for filter_string, expected in [
            ("", [0, 1, 2, 3, 4]),
            ("metrics.i > 2", [3, 4]),
            ("metrics.i >= 2 and metrics.half < 2", [2, 3]),
            ("metric.i != 2", [0, 1, 3, 4]),
            ("metrics.i <= -1", []),
            ("metrics.half = 1.0", [2, 3]),
            ("metrics.`nan` > 0", [2]),
            ("params.model = 'tree'", [1]),
            ("params.model LIKE 'tre%'", [1]),
            ("params.model ILIKE 'tre%'", [0, 1]),
            ("params.model LIKE '_et'", [3, 4]),
            ("parameter.model != 'net'", [0, 1, 2]),
            ("params.`with space` = '3'", [3]),
            ('params."with space" = "3"', [3]),
            ("params.absent != 'x'", []),
            ("tags.parity = 'odd'", [1, 3]),
            ("tags.`a.b` = 'v4'", [4]),
            ("tags.a.b = 'v4'", [4]),
            ("attributes.status = 'FAILED'", [4]),
            ("status != 'FAILED' AND tag.parity = 'even'", [0, 2]),
            ("run_name LIKE 'run _'", [0, 1, 2, 3, 4]),
            ("attributes.run_name = 'run 2'", [2]),
            ("`Run name` = 'run 2'", [2]),
            ("start_time >= 1700000000003", [3, 4]),
            ("end_time < 1700000001001", [0]),
            (f"run_id = '{ids[1]}'", [1]),
            (f"attributes.run_id IN ('{ids[1]}', '{ids[3]}')", [1, 3]),
            (f"run_id NOT IN ('{ids[1]}', '{ids[3]}')", [0, 2, 4]),
            ("artifact_uri LIKE 'mlflow-artifacts:%'", [0, 1, 2, 3, 4]),
            ("user_id = 'nobody here'", []),
        ]:
            assert found(filter_string) == expected, (filter_string, found(filter_string), expected)

    eventually(holds)


@scenario
def a_wrong_filter_is_refused_in_words():
    client = MlflowClient()
    experiment_id = new_experiment()
    for filter_string in (
        "metrics.i == 1",
        "metrics.i > '1'",
        "params.model = tree",
        "params.model > 'a'",
        "foo.bar = 'x'",
        "metrics.i > 1 OR metrics.i < 0",
        "(metrics.i > 1)",
        "metrics.i",
        "attributes.nonsense = 'x'",
        "status LIKE",
        "params.model = 'unclosed",
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            client.search_runs([experiment_id], filter_string)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], order_by=["metrics.i SIDEWAYS"])


@scenario
def runs_are_ordered_with_missing_values_last():
    client = MlflowClient()
    experiment_id, ids = five_runs()

    def ordered(*order_by: str) -> "list[int]":
        return [ids.index(r.info.run_id) for r in client.search_runs([experiment_id], order_by=list(order_by))]

    def holds():
        equals(ordered(), [4, 3, 2, 1, 0])
        equals(ordered("start_time ASC"), [0, 1, 2, 3, 4])
        equals(ordered("metrics.i DESC"), [4, 3, 2, 1, 0])
        equals(ordered("metrics.i"), [0, 1, 2, 3, 4])
        equals(ordered("metrics.half ASC", "metrics.i DESC"), [1, 0, 3, 2, 4])
        equals(ordered("metrics.half DESC"), [4, 3, 2, 1, 0])
        equals(ordered("metrics.`nan` ASC"), [0, 2, 1, 4, 3])
        equals(ordered("metrics.`nan` DESC"), [2, 0, 1, 4, 3])
        equals(ordered("params.model ASC", "start_time ASC"), [0, 2, 3, 4, 1])
        equals(ordered("tags.parity DESC", "attributes.start_time ASC"), [1, 3, 0, 2, 4])
        equals(ordered("attributes.run_name DESC"), [4, 3, 2, 1, 0])
        equals(ordered("status ASC", "end_time DESC"), [4, 3, 2, 1, 0])
        equals(ordered("params.absent"), [4, 3, 2, 1, 0])

    eventually(holds)


@scenario
def pages_hold_every_run_once_in_any_order():
    client = MlflowClient()
    experiment_id, ids = five_runs()

    def paged(size: int, **options) -> "list[int]":
        found, token, first = [], None, True
        while first or token:
            page = client.search_runs([experiment_id], max_results=size, page_token=token, **options)
            assert len(page) <= size
            found += [ids.index(r.info.run_id) for r in page]
            token, first = page.token, False
        return found

    def holds():
        for size in (1, 2, 3, 5, 50):
            equals(paged(size), [4, 3, 2, 1, 0])
            equals(paged(size, order_by=["metrics.half ASC"]), [1, 0, 3, 2, 4])
            equals(paged(size, order_by=["metrics.`nan` DESC"]), [2, 0, 1, 4, 3])
            # Upper case sorts first, hence Tree (0) comes last.
            equals(paged(size, filter_string="tags.parity = 'even'", order_by=["params.model DESC"]), [4, 2, 0])

    eventually(holds)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], page_token="nonsense")


@scenario
def deleted_runs_are_found_when_asked_for():
    client = MlflowClient()
    experiment_id, ids = five_runs()
    client.delete_run(ids[2])

    def found(view: int) -> "list[int]":
        return sorted(ids.index(r.info.run_id) for r in client.search_runs([experiment_id], run_view_type=view))

    def holds():
        equals(found(ViewType.ACTIVE_ONLY), [0, 1, 3, 4])
        equals(found(ViewType.DELETED_ONLY), [2])
        equals(found(ViewType.ALL), [0, 1, 2, 3, 4])

    eventually(holds)


@scenario
def several_experiments_are_searched_as_one():
    client = MlflowClient()
    first, first_ids = five_runs()
    second, second_ids = five_runs()

    def holds():
        found = client.search_runs([first, second], "metrics.i >= 3", order_by=["metrics.i DESC", "start_time DESC"])
        equals([r.data.metrics["i"] for r in found], [4.0, 4.0, 3.0, 3.0])
        equals({r.info.run_id for r in found}, {*first_ids[3:], *second_ids[3:]})

    eventually(holds)
    equals(client.search_runs([]), [])


@scenario
def runs_are_found_by_their_datasets():
    client = MlflowClient()
    experiment_id = new_experiment()
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), source="https://example.com/a.csv", name="flights")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
    with mlflow.start_run():
        pass

    def found(filter_string: str) -> "list[str]":
        return [r.info.run_id for r in client.search_runs([experiment_id], filter_string)]

    def holds():
        for filter_string in (
            "dataset.name = 'flights'",
            "datasets.name LIKE 'fli%'",
            f"dataset.digest = '{data.digest}'",
            "dataset.context = 'training' AND dataset.name IN ('flights', 'other')",
        ):
            equals(found(filter_string), [run.info.run_id])
        equals(found("dataset.name = 'other'"), [])

    eventually(holds)


@scenario
def runs_come_as_a_data_frame():
    experiment_id, ids = five_runs()

    def holds():
        frame = mlflow.search_runs([experiment_id], "metrics.i < 3", order_by=["metrics.i ASC"])
        equals(list(frame["run_id"]), ids[:3])
        equals(list(frame["metrics.i"]), [0.0, 1.0, 2.0])
        equals(list(frame["params.model"]), ["Tree", "tree", "forest"])
        equals(list(frame["tags.parity"]), ["even", "odd", "even"])
        equals(list(frame["status"]), ["FINISHED"] * 3)
        equals(frame["start_time"][0].timestamp(), 1_700_000_000.0)

    eventually(holds)
    named = mlflow.search_runs(experiment_names=[mlflow.get_experiment(experiment_id).name], output_format="list")
    equals(len(named), 5)
    limited = mlflow.search_runs([experiment_id], max_results=2)
    equals(list(limited["run_id"]), [ids[4], ids[3]])
