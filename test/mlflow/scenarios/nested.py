"""Runs within runs."""

import mlflow

from harness import equals, eventually, new_experiment, scenario


@scenario
def nested_runs_know_their_parents():
    experiment_id = new_experiment()
    with mlflow.start_run(run_name="sweep") as parent:
        children = []
        for depth in (2, 4, 8):
            with mlflow.start_run(run_name=f"depth {depth}", nested=True) as child:
                mlflow.log_param("depth", depth)
                mlflow.log_metric("score", 1 / depth)
                with mlflow.start_run(run_name=f"fold of {depth}", nested=True) as fold:
                    mlflow.log_metric("score", 0.5 / depth)
                children.append(child.info.run_id)
        mlflow.log_metric("best", 0.5)
    equals(mlflow.get_parent_run(fold.info.run_id).info.run_id, children[-1])
    equals(mlflow.get_parent_run(children[0]).info.run_id, parent.info.run_id)

    def holds():
        found = mlflow.search_runs(
            [experiment_id],
            f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
            order_by=["metrics.score DESC"],
            output_format="list",
        )
        equals([r.info.run_id for r in found], children)
        equals(len(mlflow.search_runs([experiment_id])), 7)

    eventually(holds)
    equals([mlflow.get_run(c).info.status for c in children], ["FINISHED"] * 3)


@scenario
def a_child_is_started_elsewhere_by_its_parents_id():
    new_experiment()
    with mlflow.start_run() as parent:
        pass
    with mlflow.start_run(parent_run_id=parent.info.run_id, nested=True) as child:
        pass
    equals(mlflow.get_parent_run(child.info.run_id).info.run_id, parent.info.run_id)
