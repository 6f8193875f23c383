"""Makes the folders beside this file, as mlflow.onnx.log_model writes them.

    python -m venv v && v/bin/pip install mlflow==3.17.2 onnx==1.23.2 skl2onnx==1.20.0 onnxconverter-common==1.16.0
    v/bin/python make.py
"""
import json
import os
import re
import shutil
import tempfile

import mlflow
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common import float16
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

here = os.path.dirname(os.path.abspath(__file__))
kept = ("MLmodel", "model.onnx", "input_example.json", "serving_input_example.json")


def log(name, model, expected, **options):
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.create_experiment("golden", artifact_location=folder)
        mlflow.set_experiment("golden")
        with mlflow.start_run():
            logged = mlflow.onnx.log_model(model, name="model", **options)
        source = mlflow.artifacts.download_artifacts(logged.model_uri)
        target = os.path.join(here, name)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        for file in os.listdir(source):
            if file in kept or file.endswith(".data"):
                shutil.copy(os.path.join(source, file), target)
    path = os.path.join(target, "MLmodel")
    with open(path) as file:
        text = re.sub(r"artifact_path: /.*", "artifact_path: mlflow-artifacts:/1/models/golden/artifacts", file.read())
    with open(path, "w") as file:
        file.write(text)
    with open(os.path.join(target, "expected.json"), "w") as file:
        json.dump(expected, file)


table, target = load_iris(return_X_y=True, as_frame=True)
table = table.astype("float32")
table.columns = ["sepal length", "sepal width", "petal length", "petal width"]
rows = table.values
some = rows[::30]
species = np.array(["setosa", "versicolor", "virginica"])[target]

pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(rows, species)
log(
    "logistic",
    to_onnx(pipeline, rows[:1]),
    {"rows": some.tolist(), "classes": pipeline.predict(some).tolist(), "probabilities": pipeline.predict_proba(some).tolist()},
    signature=mlflow.models.infer_signature(table, pipeline.predict(rows)),
    input_example=table.head(3),
)

# Labels that are neither 0, 1, 2 nor positive.
numbers = np.array([-1, 4, 7])[target]
forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(rows, numbers)
log(
    "forest",
    to_onnx(forest, rows[:1]),
    {"rows": some.tolist(), "classes": [str(n) for n in forest.predict(some)], "probabilities": forest.predict_proba(some).tolist()},
    signature=mlflow.models.infer_signature(rows, forest.predict(rows)),
)

# Weights over 1 KB go to a file of their own.
weights = (np.arange(4 * 300, dtype="float32").reshape(4, 300) - 600) / 1000
bias = np.ones(300, dtype="float32")


def dense():
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"])],
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 300])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


log(
    "external",
    dense(),
    {"rows": some.tolist(), "values": (some @ weights + bias)[:, :3].tolist()},
    signature=mlflow.models.infer_signature(rows, (rows @ weights + bias)),
    input_example=rows[:2],
)

half = float16.convert_float_to_float16(dense())
os.makedirs(os.path.join(here, "half"), exist_ok=True)
onnx.save(half, os.path.join(here, "half", "model.onnx"))
with open(os.path.join(here, "half", "expected.json"), "w") as file:
    json.dump({"rows": some.tolist(), "values": (some @ weights + bias)[:, :3].tolist()}, file)
