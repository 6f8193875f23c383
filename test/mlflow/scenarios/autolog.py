"""What mlflow.sklearn.autolog records by itself."""

import contextlib
import json

import mlflow
import numpy as np
import sklearn.metrics
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from harness import MAJOR, equals, eventually, new_experiment, scenario


@contextlib.contextmanager
def autologging(**options):
    mlflow.sklearn.autolog(silent=True, **options)
    try:
        yield
    finally:
        mlflow.sklearn.autolog(disable=True)


@scenario
def a_fit_is_recorded_with_params_metrics_plots_dataset_and_model():
    experiment_id = new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging():
        model = LogisticRegression(C=0.5, max_iter=300).fit(features, labels)
        run_id = mlflow.last_active_run().info.run_id
    client = MlflowClient()
    run = client.get_run(run_id)
    equals((run.info.status, run.info.experiment_id), ("FINISHED", experiment_id))
    equals((run.data.params["C"], run.data.params["max_iter"]), ("0.5", "300"))
    equals(run.data.metrics["training_score"], model.score(features, labels))
    assert {"training_accuracy_score", "training_f1_score", "training_log_loss"} <= set(run.data.metrics)
    equals(run.data.tags["estimator_name"], "LogisticRegression")
    inputs = run.inputs.dataset_inputs
    equals([[(t.key, t.value) for t in i.tags] for i in inputs], [[("mlflow.data.context", "train")]])
    equals(json.loads(inputs[0].dataset.profile)["num_rows"], 150)
    files = {f.path for f in client.list_artifacts(run_id)}
    assert {"estimator.html", "training_confusion_matrix.png"} <= files, files
    loaded = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
    assert np.array_equal(loaded.predict(features), model.predict(features))
    if MAJOR >= 3:
        (logged,) = mlflow.search_logged_models([experiment_id], output_format="list")
        equals([m.model_id for m in run.outputs.model_outputs], [logged.model_id])
        equals((logged.source_run_id, logged.status), (run_id, "READY"))
        assert any(m.key == "training_score" for m in logged.metrics), logged.metrics


@scenario
def a_metric_computed_after_the_fit_is_recorded():
    new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging(log_models=False), mlflow.start_run() as run:
        model = DecisionTreeClassifier(max_depth=2, random_state=1).fit(features, labels)
        value = sklearn.metrics.f1_score(labels, model.predict(features), average="macro")
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    found = {k: v for k, v in metrics.items() if k.startswith("f1_score")}
    equals(list(found.values()), [value])


@scenario
def a_grid_search_is_a_run_with_a_child_for_each_candidate():
    experiment_id = new_experiment()
    features, labels = load_iris(return_X_y=True, as_frame=True)
    with autologging(log_models=False, max_tuning_runs=3):
        search = GridSearchCV(DecisionTreeClassifier(random_state=1), {"max_depth": [1, 2, 3]}, cv=2).fit(features, labels)
        parent = mlflow.last_active_run().info.run_id
    run = mlflow.get_run(parent)
    equals(run.data.params["best_max_depth"], str(search.best_params_["max_depth"]))
    equals(run.data.metrics["best_cv_score"], search.best_score_)

    def holds():
        children = mlflow.search_runs([experiment_id], f"tags.mlflow.parentRunId = '{parent}'", output_format="list")
        equals(sorted(c.data.params["max_depth"] for c in children), ["1", "2", "3"])
        scores = {c.data.params["max_depth"]: c.data.metrics["mean_test_score"] for c in children}
        equals([scores[str(d)] for d in (1, 2, 3)], list(search.cv_results_["mean_test_score"]))

    eventually(holds)
    text = mlflow.artifacts.load_text(f"runs:/{parent}/cv_results.csv")
    equals(len(text.strip().split("\n")), 4)
