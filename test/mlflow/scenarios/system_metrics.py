"""System metrics beside the ones of a script."""

import time

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, new_experiment, scenario


@scenario
def processor_and_memory_are_sampled_while_a_run_lasts():
    new_experiment()
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    deadline = time.monotonic() + 20
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            client = MlflowClient()
            while len(client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")) < 3:
                assert time.monotonic() < deadline, "no samples came"
                time.sleep(0.2)
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    assert 0 < metrics["system/system_memory_usage_percentage"] <= 100, metrics
    steps = [m.step for m in client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")]
    equals(steps, list(range(len(steps))))
