"""Real-time inference: models of four makers, asked by MLflow's clients, by tritonclient and by plain requests."""

import contextlib
import gzip
import io
import json
import os
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import requests
import tritonclient.http as triton
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from onnx import TensorProto
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from harness import credentials, equals, eventually, new_experiment, scenario
from served import (
    Served,
    boosted,
    boosted_numbers,
    cairn,
    files_of,
    iris,
    logged,
    network,
    ours,
    registered,
    serve,
    shared,
    skl,
    skl_columns,
    skl_numbers,
    table,
    xgboosted,
    xgboosted_numbers,
)

#: Of a probability.
TOLERANCE = 1e-5
#: A change of an endpoint is known to every instance within this time.
CHANGE_SECONDS_MAX = 15
#: A row that was answered can be read back.
LOGGED_SECONDS_MAX = 60
NOT_IN_MLFLOW = "MLflow's tracking server serves no endpoints"


# How clients ask. Each gives labels, and probabilities [rows, labels].


def through_deployments(served: Served, body: dict):
    """MLflow's client of deployments, which signs in as the tracking client does."""
    return records(served, get_deploy_client(os.environ["MLFLOW_TRACKING_URI"]).predict(endpoint=served.endpoint, inputs=body))


def records(served: Served, answer: dict):
    predictions = answer["predictions"]
    equals(len(answer["prediction_ids"]), len(predictions))
    if served.original.labels is None:
        (value,) = output_names(served)
        return [each[value] for each in predictions]
    label, probabilities = output_names(served)
    given = [each[probabilities] for each in predictions]
    # By label where the graph says what its columns are.
    named = [[each[str(name)] for name in served.original.labels] if isinstance(each, dict) else each for each in given]
    return [each[label] for each in predictions], np.array(named)


def scoring_client(served: Served) -> ScoringServerClient:
    """MLflow's client of a scoring server. It knows of no credentials but those in a URL."""
    server = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        user, password = "token", token
    else:
        user, password = os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]
    quote = urllib.parse.quote
    return ScoringServerClient(f"{quote(user, '')}:{quote(password, '')}@{server.hostname}", f"{server.port}/endpoints/{served.endpoint}")


@contextlib.contextmanager
def triton_client():
    with triton.InferenceServerClient(urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"]).netloc) as client:
        yield client


def tensors(served: Served, rows, binary: bool):
    """A table where the model takes one, else a tensor for each column, by the name that its author knows."""
    inputs = served.original.graph.graph.input
    if len(inputs) == 1:
        return [tensor(inputs[0].name, table(rows), binary)]
    return [
        tensor(name, rows[[name]].to_numpy(dtype=object if given.type.tensor_type.elem_type == TensorProto.STRING else np.float32), binary)
        for given, name in zip(inputs, rows.columns)
    ]


def tensor(name: str, values: np.ndarray, binary: bool):
    given = triton.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def wanted(names, binary: bool):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def through_triton(served: Served, rows, binary: bool, **options):
    """Open Inference by tritonclient: tensors both ways as JSON, or both ways as bytes."""
    with triton_client() as client:
        outputs = wanted(output_names(served), binary)
        result = client.infer(served.endpoint, tensors(served, rows, binary), outputs=outputs, headers=credentials(), **options)
    return answer_in(served, result)


def answer_in(served: Served, result):
    first, *probabilities = map(result.as_numpy, output_names(served))
    return (texts(first), *probabilities) if probabilities else first.ravel()


def texts(labels) -> list:
    return [each.decode() if isinstance(each, bytes) else each for each in labels.ravel().tolist()]


def input_name(served: Served) -> str:
    return served.original.graph.graph.input[0].name


def output_names(served: Served) -> "list[str]":
    return [output.name for output in served.original.graph.graph.output]


def same(served: Served, rows, answer) -> None:
    if served.original.labels is not None:
        labels, answer = answer
        equals(labels, served.original.predicted(rows))
    ours_, theirs = np.asarray(answer), served.original.says(rows)
    equals(ours_.shape, theirs.shape)
    difference = (np.abs(ours_ - theirs) / np.maximum(1, np.abs(theirs))).max()
    assert difference <= TOLERANCE, difference


def answers_alike(served: Served) -> None:
    """Through every client, in every form: one row and many say what the model said at home."""
    every = served.original.features
    for rows in (every.iloc[[77]], every):
        # This client's JSON is that of requests, which has no NaN.
        full = rows.astype(object).where(rows.notna(), None)
        split = {"columns": list(rows.columns), "data": full.values.tolist()}
        same(served, rows, through_deployments(served, {"dataframe_split": split}))
        same(served, rows, through_deployments(served, {"dataframe_records": full.to_dict(orient="records")}))
        same(served, rows, records(served, scoring_client(served).invoke(rows)))
        csv = requests.post(f"{served.url}/invocations", rows.to_csv(index=False), headers={"Content-Type": "text/csv", **credentials()}, timeout=60)
        same(served, rows, records(served, csv.json()))
        same(served, rows, through_triton(served, rows, binary=False))
        same(served, rows, through_triton(served, rows, binary=True))
    # By name, in another order, with a column that the model does not know.
    shuffled = every[every.columns[::-1]].assign(collector="R. A. Fisher")
    same(served, every, records(served, scoring_client(served).invoke(shuffled)))


# The models.


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_scikit_learn_classifier_converted_with_its_zipmap_answers_every_client():
    answers_alike(shared(skl))


@scenario(since=3, peer_defect=NOT_IN_MLFLOW)
def boosted_trees_converted_by_onnxmltools_answer_every_client_with_whole_numbers_as_labels():
    answers_alike(shared(boosted))


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_network_logged_with_its_weights_in_other_files_answers_every_client():
    new_experiment()
    run_id = logged(original := network(), save_as_external_data=True)
    files = files_of(run_id)
    assert [file for file in files if file.endswith(".data")], files
    answers_alike(serve(original, run_id))


@scenario(peer_defect=NOT_IN_MLFLOW)
def boosted_trees_of_our_own_trainer_answer_every_client():
    answers_alike(shared(ours))


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_scikit_learn_regressor_answers_every_client_with_numbers():
    answers_alike(shared(skl_numbers))


@scenario(since=3, peer_defect=NOT_IN_MLFLOW)
def xgboost_and_lightgbm_answer_every_client_also_where_values_are_missing():
    for make in (xgboosted, xgboosted_numbers, boosted_numbers):
        answers_alike(shared(make))


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_pipeline_over_columns_takes_frames_of_any_dtypes_by_the_names_its_author_knows():
    served = shared(skl_columns)
    answers_alike(served)
    rows = served.original.features
    client = scoring_client(served)
    for frame in (
        rows.astype({"visits": "Int64", "city of birth": "string"}),
        rows.astype({"visits": np.int16, "age": np.float32}),
        rows.astype({"city of birth": "category"}),
        rows.astype(object).where(rows.notna(), None),
    ):
        same(served, rows, records(served, client.invoke(frame)))
    lists = json.dumps({"inputs": rows.to_dict(orient="list")})
    headers = {"Content-Type": "application/json", **credentials()}
    same(served, rows, records(served, requests.post(f"{served.url}/invocations", lists, headers=headers, timeout=60).json()))
    for frame, *says in (
        (rows.drop(columns="city of birth"), "missing inputs ['city of birth']"),
        (rows.assign(visits=rows["visits"].where(rows.index > 0)), "column visits", "'long'", "better declared as double"),
        (rows.assign(age="forty"), "column age", "row 0", "forty"),
    ):
        with raised(Exception, "error code 400", *says):
            client.invoke(frame)
    with triton_client() as client:
        short = [*tensors(served, rows, True)[:2], *tensors(served, rows.head(3), True)[2:]]
        with raised(InferenceServerException, "[400]", "'age' and 'city of birth' differ in rows: 200 and 3"):
            client.infer(served.endpoint, short, headers=credentials())


# Open Inference, as tritonclient speaks it.


@scenario(peer_defect=NOT_IN_MLFLOW)
def tritonclient_reads_what_the_server_and_a_model_are():
    served = shared(skl)
    label, probabilities = output_names(served)
    with triton_client() as client:
        assert client.is_server_live() and client.is_server_ready()
        server = client.get_server_metadata(headers=credentials())
        assert server["name"] and server["version"] and "binary_tensor_data" in server["extensions"], server
        for version in ("", "1"):
            assert client.is_model_ready(served.endpoint, version, headers=credentials())
            found = client.get_model_metadata(served.endpoint, version, headers=credentials())
            equals((found["name"], found["versions"], found["platform"]), (served.endpoint, ["1"], "onnx_onnxv1"))
            equals([(i["name"], i["datatype"], i["shape"]) for i in found["inputs"]], [(input_name(served), "FP32", [-1, 4])])
            equals([(o["name"], o["datatype"]) for o in found["outputs"]], [(label, "BYTES"), (probabilities, "FP32")])
        assert not client.is_model_ready(served.endpoint, "2", headers=credentials())
        assert not client.is_model_ready("nobody", headers=credentials())
        index = {model["name"]: model for model in client.get_model_repository_index(headers=credentials())}
        equals((index[served.endpoint]["version"], index[served.endpoint]["state"]), ("1", "READY"))
        client.load_model(served.endpoint, headers=credentials())
        with raised(InferenceServerException, "[400]", "parameters"):
            client.load_model(served.endpoint, headers=credentials(), config="{}")
        with raised(InferenceServerException, "[400]", f"Model {served.endpoint} stays", "delete the endpoint"):
            client.unload_model(served.endpoint, headers=credentials())
        with raised(InferenceServerException, "[404]", "nobody"):
            client.load_model("nobody", headers=credentials())
        assert client.is_model_ready(served.endpoint, headers=credentials())


@scenario(peer_defect=NOT_IN_MLFLOW)
def tritonclient_gets_the_outputs_it_asks_for_in_the_form_it_asks_for():
    served = shared(skl)
    label, probabilities = output_names(served)
    rows, _ = iris()
    with triton_client() as client:

        def asked(binary, **options):
            return client.infer(served.endpoint, tensors(served, rows, binary), headers=credentials(), **options)

        one = asked(True, outputs=wanted([probabilities], True), request_id="42", model_version="1")
        response = one.get_response()
        equals((response["id"], response["model_name"], response["model_version"]), ("42", served.endpoint, "1"))
        equals([output["name"] for output in response["outputs"]], [probabilities])
        assert "data" not in response["outputs"][0], "bytes were asked for"
        # The other way round than it was sent, and in another order.
        mixed = asked(False, outputs=[*wanted([probabilities], True), *wanted([label], False)])
        equals([output["name"] for output in mixed.get_response()["outputs"]], [probabilities, label])
        equals(mixed.get_response()["outputs"][1]["data"], served.original.predicted(rows))
        # Nothing asked for is all of it.
        same(served, rows, answer_in(served, asked(True)))
        calls = [client.async_infer(served.endpoint, tensors(served, rows.iloc[[at]], True), headers=credentials()) for at in range(20)]
        for at, call in enumerate(calls):
            same(served, rows.iloc[[at]], answer_in(served, call.get_result()))


@scenario(peer_defect=NOT_IN_MLFLOW)
def compressed_requests_are_read_and_compressed_answers_are_understood():
    served = shared(skl)
    rows, _ = iris()
    for way in ("gzip", "deflate"):
        for binary in (False, True):
            answer = through_triton(served, rows, binary, request_compression_algorithm=way, response_compression_algorithm=way)
            same(served, rows, answer)
    body = gzip.compress(json.dumps({"dataframe_records": rows.to_dict(orient="records")}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **credentials()}
    same(served, rows, records(served, requests.post(f"{served.url}/invocations", body, headers=headers, timeout=60).json()))


# What goes wrong.


@scenario(peer_defect=NOT_IN_MLFLOW)
def clients_show_what_was_wrong_with_a_call():
    served = shared(skl)
    rows, _ = iris()
    lacking = rows.drop(columns=rows.columns[1])

    deployments = get_deploy_client(os.environ["MLFLOW_TRACKING_URI"])
    with raised((requests.HTTPError, MlflowException), "400", str(rows.columns[1])):
        deployments.predict(endpoint=served.endpoint, inputs={"dataframe_records": lacking.to_dict(orient="records")})
    with raised((requests.HTTPError, MlflowException), "404"):
        deployments.predict(endpoint="nobody", inputs={"inputs": [[1, 2, 3, 4]]})
    with raised(Exception, "error code 400", f"missing inputs ['{rows.columns[1]}']"):
        scoring_client(served).invoke(lacking)
    with raised(Exception, "error code 400", "exactly one of the input fields"):
        scoring_client(served).invoke('"4.2, 1.3"')

    with triton_client() as client:

        def ask(name=input_name(served), datatype="FP32", values=table(rows), endpoint=served.endpoint, **options):
            given = triton.InferInput(name, list(values.shape), datatype)
            given.set_data_from_numpy(values)
            client.infer(endpoint, [given], headers=credentials(), **options)

        with raised(InferenceServerException, "[400]", "no input", "other"):
            ask(name="other")
        with raised(InferenceServerException, "[400]", "FP32", "FP64"):
            ask(datatype="FP64", values=table(rows).astype(np.float64))
        with raised(InferenceServerException, "[400]", "[-1, 4]"):
            ask(values=table(rows)[:, :3])
        with raised(InferenceServerException, "[400]", "nothing of this name"):
            ask(outputs=wanted(["nothing of this name"], True))
        with raised(InferenceServerException, "[404]", "nobody"):
            ask(endpoint="nobody")
        with raised(InferenceServerException, "[404]", "version 7"):
            ask(model_version="7")
        try:
            client.get_model_metadata(served.endpoint)
        except InferenceServerException as error:
            equals(error.status(), "401")
        else:
            raise AssertionError("who does not sign in was told of the model")
    # It goes on answering.
    same(served, rows, through_triton(served, rows, binary=True))


@contextlib.contextmanager
def raised(kind, *parts: str):
    try:
        yield
    except kind as error:
        assert not isinstance(error, AssertionError), error
        for part in parts:
            assert part in str(error), f"'{part}' is not in: {error}"
    else:
        raise AssertionError(f"nothing was refused; expected {parts}")


# What operators and labellers do.


@scenario(peer_defect=NOT_IN_MLFLOW)
def callers_see_a_new_version_come_in_by_its_share_and_then_alone():
    before, after = skl(), skl(strength=0.01)
    served = serve(before, rollout={"plan": [50, 100], "hold_seconds": 3600})
    arrived = Served(served.endpoint, served.model, after)
    rows, _ = iris()
    equals(who_answers(served, rows, 10), {"1"})
    new_experiment()
    equals(registered(served.model, logged(after)), "2")

    def both():
        equals(who_answers(served, rows, 20), {"1", "2"})

    eventually(both, CHANGE_SECONDS_MAX)
    # Each answer is of the version that it names.
    for version, answer in versioned(served, rows, 20):
        same({"1": served, "2": arrived}[version], rows, answer)
    path = f"/api/v1/endpoints/{served.endpoint}/deployments/main/rollout/finish"
    finished = cairn("POST", path, {"reason": "seen by a client"})
    equals(finished.status_code, 200)
    eventually(lambda: equals(who_answers(served, rows, 20), {"2"}), CHANGE_SECONDS_MAX)
    same(arrived, rows, through_triton(served, rows, binary=True))
    with triton_client() as client:
        equals(client.get_model_metadata(served.endpoint, headers=credentials())["versions"], ["2"])


def versioned(served: Served, rows, calls: int):
    """The version that answered and what it said, of some calls; none of them fails."""
    with triton_client() as client:
        for _ in range(calls):
            result = client.infer(served.endpoint, tensors(served, rows, True), headers=credentials())
            yield result.get_response()["model_version"], answer_in(served, result)


def who_answers(served: Served, rows, calls: int) -> "set[str]":
    return {version for version, _ in versioned(served, rows.head(1), calls)}


@scenario(peer_defect=NOT_IN_MLFLOW)
def an_alias_moves_under_four_clients_and_no_call_fails():
    before, after = skl(), skl(strength=0.01)
    served = serve(before, rollout={"plan": [100]})
    by_version = {"1": served, "2": Served(served.endpoint, served.model, after)}
    rows, _ = iris()
    ended = threading.Event()

    def asking() -> "set[str]":
        seen = set()
        while not ended.is_set():
            for version, answer in versioned(served, rows, 5):
                same(by_version[version], rows, answer)
                seen.add(version)
        return seen

    with ThreadPoolExecutor(4) as clients:
        asked = [clients.submit(asking) for _ in range(4)]
        try:
            new_experiment()
            equals(registered(served.model, logged(after)), "2")
            eventually(lambda: equals(who_answers(served, rows, 10), {"2"}), CHANGE_SECONDS_MAX)
        finally:
            ended.set()
        for each in asked:
            equals(each.result(), {"1", "2"})


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_model_goes_from_its_training_to_labelled_predictions():
    served = serve(skl_columns(), logging={"durability": "queue"})
    rows = served.original.features.head(20)
    # What the platform shows a newcomer works as it is.
    example = cairn("GET", f"/api/v1/endpoints/{served.endpoint}/example").json()
    equals(example["invocations"]["dataframe_split"]["columns"], list(rows.columns))
    for path, body in ((f"/endpoints/{served.endpoint}/invocations", "invocations"), (f"/v2/models/{served.endpoint}/infer", "infer")):
        equals(cairn("POST", path, example[body]).status_code, 200)
    answer = scoring_client(served).invoke(rows)
    frame = answer.get_predictions()
    equals(list(frame.columns), output_names(served))
    equals(frame[output_names(served)[0]].tolist(), served.original.predicted(rows))
    labels = [{"prediction_id": each, "label": "yes"} for each in answer["prediction_ids"]]
    equals(cairn("POST", "/api/v1/feedback", {"endpoint": served.endpoint, "labels": labels}).json(), {"recorded": 20})
    now = int(time.time() * 1000)
    path = f"/api/v1/endpoints/{served.endpoint}/labelled?from={now - 3_600_000}&to={now + 3_600_000}"

    def labelled():
        kept = pd.read_csv(io.StringIO(cairn("GET", path).text))
        assert len(kept) > 0, "no row is there yet"
        return kept

    # Some are withheld to judge a successor by.
    kept = eventually(labelled, LOGGED_SECONDS_MAX)
    equals(list(kept.columns), [*rows.columns, "label"])
    asked = rows[["visits", "city of birth"]].value_counts()
    given = kept[["visits", "city of birth"]].value_counts()
    assert (given <= asked.reindex(given.index, fill_value=0)).all(), kept
    equals(set(kept["label"]), {"yes"})


@scenario(peer_defect=NOT_IN_MLFLOW)
def what_turned_out_to_be_true_is_sent_back_for_predictions_of_either_protocol():
    served = shared(skl)
    rows, names = iris()
    answer = scoring_client(served).invoke(rows.head(3))
    label, _ = output_names(served)
    with triton_client() as client:
        inferred = client.infer(served.endpoint, tensors(served, rows.head(2), True), headers=credentials()).get_response()
    ids = [*answer["prediction_ids"], *inferred["parameters"]["prediction_ids"].split(",")]
    equals(len(set(ids)), 5)
    truth = [*names[:3], *names[:2]]
    labels = [{"prediction_id": each, "label": true} for each, true in zip(ids, truth)]
    one = cairn("POST", "/api/v1/feedback", {"endpoint": served.endpoint, **labels[0]})
    equals((one.status_code, one.json()), (200, {"recorded": 1}))
    # Sent again, as clients do that saw no answer.
    for _ in range(2):
        many = cairn("POST", "/api/v1/feedback", {"endpoint": served.endpoint, "labels": labels})
        equals((many.status_code, many.json()), (200, {"recorded": 5}))
    csv = "prediction_id,label\n" + "".join(f"{each['prediction_id']},{each['label']}\n" for each in labels)
    path = f"{os.environ['MLFLOW_TRACKING_URI']}/api/v1/feedback?endpoint={served.endpoint}"
    file = requests.post(path, csv, headers={"Content-Type": "text/csv", **credentials()}, timeout=60)
    equals((file.status_code, file.json()), (200, {"recorded": 5}))
    wrong = cairn("POST", "/api/v1/feedback", {"endpoint": served.endpoint, "labels": [{"prediction_id": "nobody's", "label": "x"}]})
    equals(wrong.status_code, 400)
    assert "labels[0].prediction_id" in wrong.text, wrong.text
