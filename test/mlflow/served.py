"""Models that endpoints serve: trained and converted once, logged and registered by the client, asked by many scenarios."""

import base64
import functools
import json
import os
import subprocess
import tempfile
import urllib.parse
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import mlflow
import mlflow.onnx
import numpy as np
import onnx
import pandas as pd
import requests
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from onnx import numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from harness import MAJOR, credentials, equals, eventually, new_experiment, unique

#: A version is inspected beside whatever else the machine does.
READY_SECONDS_MAX = 60


@dataclass(frozen=True)
class Original:
    """A model as ONNX, what it was trained on, and what it says by itself."""

    graph: onnx.ModelProto
    features: pd.DataFrame
    #: None for one that predicts numbers.
    labels: Optional[list]
    #: For a frame of features probabilities [rows, labels], or numbers [rows].
    says: Callable[[pd.DataFrame], np.ndarray]

    def predicted(self, rows: pd.DataFrame) -> list:
        said = self.says(rows)
        return said.tolist() if self.labels is None else [self.labels[at] for at in said.argmax(axis=1)]


@dataclass(frozen=True)
class Served:
    """An endpoint that follows the alias `champion` of a model."""

    endpoint: str
    model: str
    original: Original

    @property
    def url(self) -> str:
        return f"{os.environ['MLFLOW_TRACKING_URI']}/endpoints/{self.endpoint}"


def iris() -> "tuple[pd.DataFrame, np.ndarray]":
    """Features as float32 numbers, and the names of the flowers."""
    data = load_iris(as_frame=True)
    return data.data.astype(np.float32).astype(np.float64), np.array(data.target_names)[data.target]


def people() -> "tuple[pd.DataFrame, np.ndarray]":
    """Numbers, whole numbers and text, some numbers missing, and whether someone comes back."""
    rng = np.random.default_rng(7)
    features = pd.DataFrame(
        {
            "age": rng.normal(40, 12, 200).round().astype(np.float64),
            "visits": rng.integers(0, 20, 200),
            "city of birth": rng.choice(["Bergen", "Oslo", "Tromsø"], 200),
        }
    )
    returns = np.where((features["age"] > 40) ^ (features["city of birth"] == "Oslo"), "yes", "no")
    features.loc[::9, "age"] = np.nan
    return features, returns


def diabetes(missing: bool = False) -> "tuple[pd.DataFrame, np.ndarray]":
    """Features as float32 numbers, every eleventh of a column missing if asked for, and how far the illness went."""
    features, values = load_diabetes(return_X_y=True, as_frame=True)
    features = features.astype(np.float32).astype(np.float64)
    if missing:
        for at, column in enumerate(features.columns):
            features.loc[at::11, column] = np.nan
    return features, values.to_numpy()


def table(rows: pd.DataFrame) -> np.ndarray:
    return rows.to_numpy(dtype=np.float32)


def skl(strength: float = 1.0) -> Original:
    """By skl2onnx with its default options, which end the graph with a ZipMap."""
    from skl2onnx import to_onnx

    features, labels = iris()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500)).fit(features.to_numpy(), labels)
    graph = to_onnx(model, table(features[:1]))
    assert [node.op_type for node in graph.graph.node][-1] == "ZipMap", "the converter's defaults have changed"
    return Original(graph, features, list(model.classes_), lambda rows: model.predict_proba(rows.to_numpy()))


def boosted() -> Original:
    """By onnxmltools with its default options; its labels are numbers."""
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    features, labels = iris()
    classes = np.unique(labels, return_inverse=True)[1]
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(features.to_numpy(), classes)
    graph = convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, 4]))])
    assert "ZipMap" in [node.op_type for node in graph.graph.node], "the converter's defaults have changed"
    return Original(graph, features, [0, 1, 2], lambda rows: model.predict_proba(rows.to_numpy()))


def skl_numbers() -> Original:
    """Boosted trees of scikit-learn that predict a number, by skl2onnx."""
    from skl2onnx import to_onnx

    features, values = diabetes()
    model = GradientBoostingRegressor(n_estimators=30, random_state=1).fit(features.to_numpy(), values)
    return Original(to_onnx(model, table(features[:1])), features, None, lambda rows: model.predict(rows.to_numpy()))


def skl_columns() -> Original:
    """A pipeline over columns of several types, each an input of its own, whose names the converter changes."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    features, returns = people()
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "visits"]),
            ("text", OneHotEncoder(handle_unknown="ignore"), ["city of birth"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(features, returns)
    number, text = FloatTensorType([None, 1]), StringTensorType([None, 1])
    graph = to_onnx(model, initial_types=[("age", number), ("visits", number), ("city of birth", text)])
    equals([given.name for given in graph.graph.input], ["age", "visits", "city_of_birth"])
    return Original(graph, features, list(model.classes_), model.predict_proba)


def boosted_numbers() -> Original:
    """By onnxmltools: trees of LightGBM that predict a number, also from what is missing."""
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    features, values = diabetes(missing=True)
    model = lightgbm.LGBMRegressor(n_estimators=20, verbose=-1).fit(features.to_numpy(), values)
    graph = convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, 10]))])
    return Original(graph, features, None, lambda rows: model.predict(rows.to_numpy()))


def xgboosted() -> Original:
    """By onnxmltools: trees of XGBoost that tell whether the illness went far, also from what is missing."""
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    features, values = diabetes(missing=True)
    model = xgboost.XGBClassifier(n_estimators=20).fit(features.to_numpy(), (values > 140).astype(int))
    graph = convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 10]))])
    return Original(graph, features, [0, 1], lambda rows: model.predict_proba(rows.to_numpy()))


def xgboosted_numbers() -> Original:
    """By onnxmltools: trees of XGBoost that predict a number, also from what is missing."""
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    features, values = diabetes(missing=True)
    model = xgboost.XGBRegressor(n_estimators=20).fit(features.to_numpy(), values)
    graph = convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 10]))])
    return Original(graph, features, None, lambda rows: model.predict(rows.to_numpy()))


def network() -> Original:
    """Layers whose weights are large enough to be logged as files beside the graph."""
    from skl2onnx import to_onnx

    features, labels = iris()
    model = make_pipeline(StandardScaler(), MLPClassifier((48, 32), max_iter=300, random_state=1)).fit(features.to_numpy(), labels)
    graph = to_onnx(model, table(features[:1]), options={"zipmap": False})
    for weights in graph.graph.initializer:
        # As exporters of networks keep them; only such weights are moved into files.
        weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights), weights.name))
    return Original(graph, features, list(model.classes_), lambda rows: model.predict_proba(rows.to_numpy()))


def ours() -> Original:
    """By the trainer that this project brings along."""
    features, labels = iris()
    train = Path(__file__).with_name("train.ts")
    asked = {"features": list(features.columns), "rows": table(features).tolist(), "labels": labels.tolist()}
    done = subprocess.run([os.environ["CAIRN_TEST_NODE"], train], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60)
    trained = json.loads(done.stdout)
    known = dict(zip(map(tuple, table(features)), np.reshape(trained["probabilities"], (len(features), -1))))
    graph = onnx.load_from_string(base64.b64decode(trained["onnx"]))
    return Original(graph, features, trained["classes"], lambda rows: np.array([known[tuple(row)] for row in table(rows)]))


def logged(original: Original, **options: Any) -> str:
    """The id of a run with the ONNX and a signature by names, as `model`."""
    where = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
    some = original.features[:5]
    signature = infer_signature(original.features, pd.DataFrame({"prediction": original.predicted(some)}))
    with mlflow.start_run() as run:
        mlflow.onnx.log_model(original.graph, **where, signature=signature, pip_requirements=["onnxruntime"], **options)
    return run.info.run_id


def registered(name: str, run_id: str, alias: str = "champion") -> str:
    """Registers a run's model as the next version and gives it the alias; waits until it can be served."""
    version = str(mlflow.register_model(f"runs:/{run_id}/model", name).version)

    def inspected():
        found = cairn("GET", f"/api/v1/models/{urllib.parse.quote(name)}/versions/{version}").json()["inspection"]
        equals((found["state"], found.get("reason")), ("ready", None))

    eventually(inspected, READY_SECONDS_MAX)
    MlflowClient().set_registered_model_alias(name, alias, version)
    return version


def serve(original: Original, run_id: Optional[str] = None, **options: Any) -> Served:
    """Registers what a run logged, which logs it now unless one is given, and serves it; `options` go into the endpoint."""
    if run_id is None:
        new_experiment()
        run_id = logged(original)
    name = unique("served")
    registered(name, run_id)
    endpoint = f"e-{uuid.uuid4().hex[:12]}"
    made = cairn("POST", "/api/v1/endpoints", {"name": endpoint, "model": name, "alias": "champion", **options})
    equals((made.status_code, made.json()["name"]), (201, endpoint))
    served = Served(endpoint, name, original)
    eventually(lambda: equals(requests.get(f"{served.url}/ping", headers=credentials(), timeout=60).status_code, 200), READY_SECONDS_MAX)
    return served


#: One endpoint for all scenarios that only ask it.
shared: "Callable[[Callable[[], Original]], Served]" = functools.cache(lambda make: serve(make()))


def cairn(method: str, path: str, body: Any = None) -> requests.Response:
    """A call of Cairn's own API."""
    return requests.request(method, os.environ["MLFLOW_TRACKING_URI"] + path, json=body, headers=credentials(), timeout=60)


def files_of(run_id: str) -> "list[str]":
    """The names of the files of a run's model."""
    with tempfile.TemporaryDirectory() as folder:
        local = Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/model", dst_path=folder))
        return sorted(str(file.relative_to(local)) for file in local.rglob("*") if file.is_file())
