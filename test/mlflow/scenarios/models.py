"""Models of the sklearn, pyfunc and onnx flavours: logged, loaded, registered."""

import os
import tempfile

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from harness import MAJOR, equals, new_experiment, scenario, unique

# Named, so that nothing is looked for in a process of its own.
REQUIREMENTS = {"pip_requirements": ["scikit-learn"]}


def fitted():
    features, labels = load_iris(return_X_y=True, as_frame=True)
    return LogisticRegression(max_iter=300).fit(features, labels), features


def log_sklearn(**options):
    model, features = fitted()
    where = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
    return (
        mlflow.sklearn.log_model(
            model, **where, **REQUIREMENTS, signature=infer_signature(features, model.predict(features)), **options
        ),
        model,
        features,
    )


@scenario
def a_sklearn_model_is_loaded_by_its_run():
    new_experiment()
    with mlflow.start_run() as run:
        logged, model, features = log_sklearn(input_example=fitted()[1].head(2))
    uri = f"runs:/{run.info.run_id}/model"
    loaded = mlflow.sklearn.load_model(uri)
    assert np.allclose(loaded.predict_proba(features), model.predict_proba(features))
    generic = mlflow.pyfunc.load_model(uri)
    assert np.array_equal(generic.predict(features), model.predict(features))
    info = mlflow.models.get_model_info(uri)
    equals([c.name for c in info.signature.inputs], list(features.columns))
    assert {"sklearn", "python_function"} <= set(info.flavors)
    example = mlflow.pyfunc.load_model(logged.model_uri).input_example
    equals(example.values.tolist(), features.head(2).values.tolist())


@scenario(since=3)
def a_sklearn_model_is_loaded_by_its_own_id():
    new_experiment()
    with mlflow.start_run() as run:
        logged, model, features = log_sklearn(params={"solver": "lbfgs"}, tags={"kind": "linear"}, model_type="classifier", step=3)
    uri = f"models:/{logged.model_id}"
    equals(logged.model_uri, uri)
    assert np.array_equal(mlflow.sklearn.load_model(uri).predict(features), model.predict(features))
    got = mlflow.get_logged_model(logged.model_id)
    equals((got.name, got.source_run_id, got.status, got.model_type), ("model", run.info.run_id, "READY", "classifier"))
    equals(got.params, {"solver": "lbfgs"})
    equals(got.tags.get("kind"), "linear")
    outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
    equals([(o.model_id, o.step) for o in outputs], [(logged.model_id, 3)])
    files = [os.path.basename(f.path) for f in MlflowClient().list_logged_model_artifacts(logged.model_id)]
    assert {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"} <= set(files), files


class AddN(mlflow.pyfunc.PythonModel):
    """Adds a number that comes from an artifact."""

    def load_context(self, context):
        with open(context.artifacts["n"], encoding="utf-8") as file:
            self.n = int(file.read())

    def predict(self, context, model_input, params=None):
        return model_input["x"] + self.n


@scenario
def a_model_of_plain_python_is_loaded_with_its_artifacts():
    new_experiment()
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        path = os.path.join(folder, "n.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("40")
        where = {"name": "adder"} if MAJOR >= 3 else {"artifact_path": "adder"}
        mlflow.pyfunc.log_model(
            **where,
            python_model=AddN(),
            artifacts={"n": path},
            pip_requirements=["numpy"],
            signature=infer_signature(pd.DataFrame({"x": [1]}), pd.Series([1])),
        )
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/adder")
    equals(loaded.predict(pd.DataFrame({"x": [2, 3]})).tolist(), [42, 43])


@scenario
def an_onnx_model_is_loaded_and_gives_the_same_answers():
    new_experiment()
    model, features = fitted()
    values = features.to_numpy(dtype=np.float32)
    graph = to_onnx(model, values[:1], options={"zipmap": False})
    with mlflow.start_run() as run:
        where = {"name": "graph"} if MAJOR >= 3 else {"artifact_path": "graph"}
        mlflow.onnx.log_model(graph, **where, pip_requirements=["onnxruntime"])
    uri = f"runs:/{run.info.run_id}/graph"
    equals(mlflow.onnx.load_model(uri).SerializeToString(), graph.SerializeToString())
    answers = mlflow.pyfunc.load_model(uri).predict(values)
    equals(answers["label"].tolist(), model.predict(features).tolist())
    assert np.allclose(answers["probabilities"], model.predict_proba(features), atol=1e-4)


@scenario
def a_model_is_registered_from_its_run_and_loaded_by_version_and_alias():
    new_experiment()
    with mlflow.start_run() as run:
        _, model, features = log_sklearn()
    name = unique("iris")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
    equals((version.name, str(version.version), version.run_id), (name, "1", run.info.run_id))
    MlflowClient().set_registered_model_alias(name, "champion", "1")
    for uri in (f"models:/{name}/1", f"models:/{name}@champion"):
        assert np.array_equal(mlflow.sklearn.load_model(uri).predict(features), model.predict(features))
    equals([c.name for c in mlflow.models.get_model_info(f"models:/{name}/1").signature.inputs], list(features.columns))


@scenario
def a_model_is_registered_as_it_is_logged():
    new_experiment()
    name = unique("iris")
    for _ in range(2):
        with mlflow.start_run() as run:
            _, model, features = log_sklearn(registered_model_name=name)
    got = MlflowClient().get_model_version(name, "2")
    equals((got.run_id, got.status), (run.info.run_id, "READY"))
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/2")
    assert np.array_equal(loaded.predict(features), model.predict(features))
