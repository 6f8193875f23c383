"""Logging that does not wait for the server."""

import threading

import mlflow
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from harness import equals, new_experiment, scenario


@scenario
def what_is_logged_without_waiting_is_there_after_the_wait():
    new_experiment()
    client = MlflowClient()
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        operations = [mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False) for step in range(200)]
        operations += [mlflow.log_param(f"p{i}", i, synchronous=False) for i in range(20)]
        operations.append(mlflow.set_tag("how", "async", synchronous=False))
        operations.append(mlflow.log_metrics({"a": 1, "b": 2}, step=3, synchronous=False))
        operations.append(mlflow.log_params({"q": "x"}, synchronous=False))
        operations.append(client.log_batch(run_id, metrics=[Metric("c", 9, 1, 0)], synchronous=False))
        for operation in operations:
            operation.wait()
        data = mlflow.get_run(run_id).data
        equals(data.metrics, {"loss": 1 / 200, "a": 1.0, "b": 2.0, "c": 9.0})
        equals(data.params, {**{f"p{i}": str(i) for i in range(20)}, "q": "x"})
        equals(data.tags["how"], "async")
    history = client.get_metric_history(run_id, "loss")
    equals([m.step for m in history], list(range(200)))


@scenario
def everything_is_flushed_when_asked():
    new_experiment()
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as run:
            threads = [
                threading.Thread(target=lambda t=t: [mlflow.log_metric(f"m{t}", s, step=s, run_id=run.info.run_id) for s in range(50)])
                for t in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            mlflow.flush_async_logging()
            equals(mlflow.get_run(run.info.run_id).data.metrics, {f"m{t}": 49.0 for t in range(4)})
    finally:
        mlflow.config.enable_async_logging(False)
    for t in range(4):
        equals(len(MlflowClient().get_metric_history(run.info.run_id, f"m{t}")), 50)


@scenario
def a_refusal_is_told_to_whoever_waits():
    new_experiment()
    with mlflow.start_run():
        mlflow.log_param("z", 1)
        operation = mlflow.log_param("z", 2, synchronous=False)
        try:
            operation.wait()
        except Exception as error:
            assert "Changing param values is not allowed" in str(error), error
        else:
            raise AssertionError("a param was changed")
