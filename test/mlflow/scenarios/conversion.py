"""Models of other flavours, logged by autolog: registered, refused with a way out, converted, served, scored equal."""

import contextlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import uuid

import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from harness import MAJOR, credentials, equals, eventually, new_experiment, scenario, unique

#: Of a probability; of a value, as a share of it where it is over 1.
TOLERANCE = 1e-4
#: Two clients may wait for conversions at a time, on a machine that never imported these packages before.
CONVERTED_SECONDS_MAX = 240
NOT_IN_MLFLOW = "MLflow's server converts nothing and serves no endpoints"


def cairn(method, path, body=None):
    """Status and JSON of a call to Cairn's own API."""
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", **credentials()},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextlib.contextmanager
def autologging(flavour, **options):
    flavour.autolog(silent=True, **options)
    try:
        yield
    finally:
        flavour.autolog(disable=True)


def registered(run_id) -> str:
    """The path of version 1 of a new model, made of the model that the run logged."""
    name = unique("converted")
    mlflow.register_model(f"runs:/{run_id}/model", name)
    return f"/api/v1/models/{urllib.parse.quote(name)}/versions/1"


def inspected(path, state):
    def holds():
        status, version = cairn("GET", path)
        equals(status, 200)
        assert version["inspection"]["state"] == state, version["inspection"]
        return version

    return eventually(holds, 30)


def converted(run_id):
    """The name of an endpoint that serves the model of a run, once it was refused, converted and became ready."""
    path = registered(run_id)
    version = inspected(path, "refused")
    equals(version["inspection"]["way_out"]["by"], "convert")
    status, asked = cairn("POST", f"{path}/convert", {})
    equals(status, 202)
    # While it runs it is the same one.
    equals(cairn("POST", f"{path}/convert", {})[1]["job_id"], asked["job_id"])

    def ended():
        _, job = cairn("GET", f"{path}/conversion")
        assert job["status"] in ("succeeded", "failed"), job
        return job

    job = eventually(ended, CONVERTED_SECONDS_MAX)
    equals((job["status"], job.get("reason"), job["attempt"]), ("succeeded", None, 1))
    assert job["check"]["rows"] >= 5 and job["check"]["max_abs_difference"] <= TOLERANCE, job["check"]
    version = inspected(path, "ready")
    equals(version["conversion"]["job_id"], job["job_id"])
    status, refusal = cairn("POST", f"{path}/convert", {})
    equals(status, 409)
    assert "ready" in refusal["detail"], refusal

    MlflowClient().set_registered_model_alias(version["name"], "champion", "1")
    endpoint = f"e-{uuid.uuid4().hex[:12]}"
    status, made = cairn("POST", "/api/v1/endpoints", {"name": endpoint, "model": version["name"], "alias": "champion"})
    equals(status, 201)
    return endpoint, version


def scored(endpoint, features):
    """What the endpoint says of rows: a frame by columns, an array as it is."""
    if isinstance(features, pd.DataFrame):
        body = {"dataframe_split": {"columns": list(features.columns), "data": features.values.tolist()}}
    else:
        body = {"inputs": features.tolist()}
    status, answer = cairn("POST", f"/endpoints/{endpoint}/invocations", body)
    assert status == 200, answer
    return answer["predictions"]


def same_classes(endpoint, model, features):
    predictions = scored(endpoint, features)
    if isinstance(features, pd.DataFrame):
        said = [p["label"] for p in predictions]
        ours = np.array([[p["probabilities"][str(label)] for label in model.classes_] for p in predictions])
    else:
        # A model without names of columns answers with tensors.
        said, ours = predictions["label"], np.array(predictions["probabilities"])
    equals(said, model.predict(features).tolist())
    assert np.abs(ours - model.predict_proba(features)).max() <= TOLERANCE


def same_values(endpoint, expected, features):
    predictions = scored(endpoint, features)
    ours = np.array([next(iter(p.values())) for p in predictions])
    assert (np.abs(ours - expected) <= TOLERANCE * np.maximum(1, np.abs(expected))).all(), np.abs(ours - expected).max()


def people():
    """Numbers, whole numbers and text, some missing, and whether someone comes back."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, 300).round(1),
            "visits": rng.integers(0, 20, 300),
            "city of birth": rng.choice(["Bergen", "Oslo", "Tromsø"], 300),
        }
    )
    returns = np.where((frame["age"] > 40) ^ (frame["city of birth"] == "Oslo"), "yes", "no")
    return frame, returns


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_logistic_regression_that_autolog_kept_is_converted_and_scores_the_same():
    new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging(mlflow.sklearn, log_input_examples=True), mlflow.start_run() as run:
        model = LogisticRegression(max_iter=500).fit(features, labels)
    endpoint, version = converted(run.info.run_id)
    equals(version["conversion"]["check"]["rows_from"], "input-example")
    equals(version["inspection"]["ready"]["features"], list(features.columns))
    equals(version["inspection"]["ready"]["labels"], ["0", "1", "2"])
    same_classes(endpoint, model, features)
    # The model that was logged is what the client gets, as before.
    loaded = mlflow.sklearn.load_model(f"models:/{version['name']}@champion")
    assert np.array_equal(loaded.predict(features), model.predict(features))


@scenario(peer_defect=NOT_IN_MLFLOW, long=True)
def a_forest_that_was_logged_without_an_example_is_checked_on_rows_made_from_its_signature():
    new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging(mlflow.sklearn), mlflow.start_run() as run:
        model = RandomForestClassifier(40, random_state=1).fit(features, labels)
    endpoint, version = converted(run.info.run_id)
    equals(version["conversion"]["check"]["rows_from"], "signature")
    same_classes(endpoint, model, features)


@scenario(peer_defect=NOT_IN_MLFLOW, long=True)
def boosted_trees_that_predict_numbers_are_converted_and_score_the_same():
    new_experiment()
    features, values = load_diabetes(return_X_y=True, as_frame=True)
    with autologging(mlflow.sklearn, log_input_examples=True), mlflow.start_run() as run:
        model = GradientBoostingRegressor(random_state=1).fit(features, values)
    endpoint, _ = converted(run.info.run_id)
    same_values(endpoint, model.predict(features), features)


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_pipeline_over_columns_of_numbers_and_text_takes_them_by_name():
    new_experiment()
    features, labels = people()
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "visits"]),
            ("text", OneHotEncoder(handle_unknown="ignore"), ["city of birth"]),
        ]
    )
    with autologging(mlflow.sklearn, log_input_examples=True), mlflow.start_run() as run:
        model = Pipeline([("columns", columns), ("classes", LogisticRegression())]).fit(features, labels)
    endpoint, version = converted(run.info.run_id)
    inputs = version["inspection"]["ready"]["signature"]["inputs"]
    equals([(i["name"], i["element_type"]) for i in inputs], [("age", "float32"), ("visits", "float32"), ("city of birth", "string")])
    same_classes(endpoint, model, features)


@scenario(since=3, peer_defect=NOT_IN_MLFLOW)
def xgboost_models_of_either_interface_are_converted_and_score_the_same():
    import mlflow.xgboost
    import xgboost

    new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging(mlflow.xgboost), mlflow.start_run() as run:
        model = xgboost.XGBClassifier(n_estimators=20).fit(features, labels)
    endpoint, _ = converted(run.info.run_id)
    same_classes(endpoint, model, features)

    features, values = load_diabetes(return_X_y=True, as_frame=True)
    data = xgboost.DMatrix(features, values)
    with autologging(mlflow.xgboost), mlflow.start_run() as run:
        booster = xgboost.train({"objective": "reg:squarederror"}, data, 20)
    endpoint, version = converted(run.info.run_id)
    # It was logged without signature and example; the names are the booster's own.
    equals(version["conversion"]["check"]["rows_from"], "model")
    same_values(endpoint, booster.predict(data), features)


@scenario(since=3, peer_defect=NOT_IN_MLFLOW, long=True)
def lightgbm_models_of_either_interface_are_converted_and_score_the_same():
    import lightgbm
    import mlflow.lightgbm

    new_experiment()
    features, labels = load_iris(return_X_y=True)
    with autologging(mlflow.lightgbm), mlflow.start_run() as run:
        model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(features, labels)
    endpoint, _ = converted(run.info.run_id)
    same_classes(endpoint, model, features)

    frame, values = load_diabetes(return_X_y=True, as_frame=True)
    with autologging(mlflow.lightgbm), mlflow.start_run() as run:
        booster = lightgbm.train({"objective": "regression", "verbose": -1}, lightgbm.Dataset(frame, values), 20)
    endpoint, _ = converted(run.info.run_id)
    same_values(endpoint, booster.predict(frame), frame)


@scenario(peer_defect=NOT_IN_MLFLOW)
def a_model_whose_code_the_converter_lacks_fails_with_the_reason_and_stays_refused():
    new_experiment()
    features, labels = load_iris(return_X_y=True)
    model = OddOne().fit(features, labels)
    where = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(model, **where, pip_requirements=["scikit-learn"], input_example=features[:5], serialization_format="cloudpickle")
    path = registered(run.info.run_id)
    inspected(path, "refused")
    equals(cairn("POST", f"{path}/convert", {})[0], 202)

    def failed():
        _, job = cairn("GET", f"{path}/conversion")
        equals(job["status"], "failed")
        return job

    equals(eventually(failed, CONVERTED_SECONDS_MAX)["reason"], "The model needs the package 'scenarios', which the converter does not have.")
    equals(cairn("GET", path)[1]["inspection"]["state"], "refused")


class OddOne(LogisticRegression):
    """A classifier of a class that nothing but these scenarios has."""
