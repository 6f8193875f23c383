"""Lineage: of what the client logs, of OpenLineage's own client, and as OpenLineage's backends are told of it."""

import datetime
import http.server
import json
import os
import threading
import uuid

import mlflow
import requests

from harness import credentials, equals, eventually, new_experiment, scenario, unique

NO_LINEAGE = "MLflow's own server keeps no lineage"


def lineage(node, direction="both", depth=3):
    """The graph around a node: its edges as (from, kind, to), and its nodes by id."""
    answer = requests.get(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/v1/lineage",
        params={"node": node, "direction": direction, "depth": depth},
        headers=credentials(),
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    graph = answer.json()
    edges = {(edge["from"], edge["kind"], edge["to"]) for edge in graph["edges"]}
    return edges, {node["id"]: node for node in graph["nodes"]}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


@scenario(since=3, peer_defect=NO_LINEAGE)
def a_registered_model_leads_back_to_its_run_its_data_and_its_code():
    import pandas
    from sklearn.linear_model import LinearRegression

    new_experiment()
    name = unique("traced")
    frame = pandas.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]})
    data = mlflow.data.from_pandas(frame, source=f"s3://lake/{uuid.uuid4().hex}.csv", name="rows", targets="y")
    tags = {
        "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "git@github.com:team/model.git",
    }
    with mlflow.start_run(tags=tags) as run:
        mlflow.log_input(data, context="training")
        info = mlflow.sklearn.log_model(
            LinearRegression().fit(frame[["x"]], frame["y"]), name="model", registered_model_name=name
        )
    copied = mlflow.MlflowClient().copy_model_version(f"models:/{name}/1", unique("copy"))

    def holds():
        edges, nodes = lineage(f"version:{copied.name}/{copied.version}", "up", 10)
        labels = {node["label"]: id for id, node in nodes.items()}
        assert f"{name} v1" in labels, labels
        version, copy = labels[f"{name} v1"], labels[f"{copied.name} v1"]
        source = f"run:{run.info.run_id}"
        code = "code:github.com/team/model@0123456789abcdef0123456789abcdef01234567"
        model = f"logged-model:{info.model_id}"
        equals(
            edges,
            {
                (code, "built-from", source),
                (f"dataset:{data.digest}", "used", source),
                (source, "generated", model),
                (source, "generated", version),
                (source, "generated", copy),
                (model, "registered-as", version),
                (model, "registered-as", copy),
                (version, "copied-to", copy),
            },
        )
        equals(nodes[source]["facts"]["git_branch"], "main")
        equals(nodes[code]["link"], "https://github.com/team/model/commit/0123456789abcdef0123456789abcdef01234567")

    eventually(holds, 20)


@scenario(since=3, peer_defect=NO_LINEAGE)
def what_the_client_of_openlineage_sends_is_joined_with_what_runs_used():
    import pandas
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import DatasetEvent, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState, StaticDataset
    from openlineage.client.facet_v2 import documentation_job, parent_run, schema_dataset, sql_job
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport

    new_experiment()
    table = f"rows-{uuid.uuid4().hex}.csv"
    frame = pandas.DataFrame({"x": [1.0, 2.0]})
    data = mlflow.data.from_pandas(frame, source=f"s3://lake/{table}", name="rows")
    with mlflow.start_run() as run:
        mlflow.log_input(data)

    url = os.environ["MLFLOW_TRACKING_URI"]
    auth = ApiKeyTokenProvider({"apiKey": os.environ["MLFLOW_TRACKING_TOKEN"]})
    clients = [
        OpenLineageClient(transport=HttpTransport(HttpConfig(url=url, auth=auth, compression=compression, retry={"total": 0})))
        for compression in (None, HttpCompression.GZIP)
    ]
    run_id, parent_id = str(uuid.uuid4()), str(uuid.uuid4())
    parent = parent_run.ParentRunFacet(run=parent_run.Run(parent_id), job=parent_run.Job("airflow", "all"))
    job = Job("airflow", unique("clean"), {"sql": sql_job.SQLJobFacet("select 1")})
    raw = InputDataset("postgres://db:5432", f"raw.{table}")
    schema = schema_dataset.SchemaDatasetFacet([schema_dataset.SchemaDatasetFacetFields("x", "DOUBLE")])
    clean = OutputDataset("s3://lake", table, facets={"schema": schema})
    for client, state in zip(clients, (RunState.START, RunState.COMPLETE)):
        event = RunEvent(
            eventType=state, eventTime=now(), run=Run(run_id, {"parent": parent}), job=job, inputs=[raw], outputs=[clean]
        )
        client.emit(event)
        client.emit(event)
    documented = Job("airflow", job.name, {"documentation": documentation_job.DocumentationJobFacet("Cleans.")})
    clients[0].emit(JobEvent(eventTime=now(), job=documented, inputs=[raw], outputs=[clean]))
    clients[0].emit(DatasetEvent(eventTime=now(), dataset=StaticDataset("s3://lake", table)))

    def holds():
        edges, nodes = lineage(f"run:{run.info.run_id}", "up", 5)
        made, by = f"openlineage-dataset:s3://lake/{table}", f"openlineage-run:{run_id}"
        as_job = f"openlineage-job:airflow/{job.name}"
        source = f"openlineage-dataset:postgres://db:5432/raw.{table}"
        # What commit the scenario itself runs from depends on the machine.
        equals(
            {edge for edge in edges if edge[1] != "built-from"},
            {
                (f"dataset:{data.digest}", "used", f"run:{run.info.run_id}"),
                (f"dataset:{data.digest}", "same-as", made),
                (by, "wrote", made),
                (source, "read", by),
                (as_job, "ran-as", by),
                (f"openlineage-run:{parent_id}", "parent-of", by),
                (as_job, "wrote", made),
                (source, "read", as_job),
            },
        )
        equals(nodes[by]["facts"]["status"], "COMPLETE")
        equals(sorted(nodes[as_job]["facts"]["facets"]), ["documentation", "sql"])

    eventually(holds, 20)
    answer = requests.get(
        f"{url}/api/v1/lineage/facets", params={"node": f"openlineage-dataset:s3://lake/{table}"}, headers=credentials(), timeout=10
    )
    equals(answer.json()["facets"]["schema"]["fields"][0]["name"], "x")


@scenario(since=3, peer_defect=NO_LINEAGE)
def a_backend_is_told_of_a_run_in_the_words_of_openlineages_own_classes():
    import pandas
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import dataset_version_dataset, job_type_job, parent_run, schema_dataset, source_code_location_job
    from openlineage.client.serde import Serde

    classes = {
        "jobType": job_type_job.JobTypeJobFacet,
        "parent": parent_run.ParentRunFacet,
        "schema": schema_dataset.SchemaDatasetFacet,
        "sourceCodeLocation": source_code_location_job.SourceCodeLocationJobFacet,
        "version": dataset_version_dataset.DatasetVersionDatasetFacet,
    }

    def facets(sent):
        return {
            name: classes[name](producer=facet["_producer"], **{k: v for k, v in facet.items() if k[0] != "_"})
            for name, facet in sent.items()
        }

    def in_their_words(sent):
        """The event as their classes make it, which check what they are given and know their schemas' versions."""
        return Serde.to_dict(
            RunEvent(
                eventType=RunState(sent["eventType"]),
                eventTime=sent["eventTime"],
                producer=sent["producer"],
                run=Run(sent["run"]["runId"], facets(sent["run"]["facets"])),
                job=Job(sent["job"]["namespace"], sent["job"]["name"], facets(sent["job"]["facets"])),
                inputs=[InputDataset(d["namespace"], d["name"], facets=facets(d.get("facets", {}))) for d in sent["inputs"]],
                outputs=[OutputDataset(d["namespace"], d["name"]) for d in sent["outputs"]],
            )
        )

    def without_nothing(value):
        """Their classes write out empty facets."""
        if isinstance(value, dict):
            return {k: without_nothing(v) for k, v in value.items() if v not in ({}, None)}
        return [without_nothing(v) for v in value] if isinstance(value, list) else value

    frame = pandas.DataFrame({"x": [1.0], "y": [True]})
    data = mlflow.data.from_pandas(frame, source=f"s3://lake/{uuid.uuid4().hex}.csv", name="rows")
    tags = {
        "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567",
        "mlflow.source.git.repoURL": "https://github.com/team/model",
    }
    with Backend() as backend:
        new_experiment("told")
        with mlflow.start_run() as parent, mlflow.start_run(nested=True, tags=tags) as run:
            mlflow.log_input(data)

        def told():
            run_id = str(uuid.UUID(run.info.run_id))
            events = [event for event in backend.events if event["run"]["runId"] == run_id]
            equals([event["eventType"] for event in events], ["START", "COMPLETE"])
            return events

        events = eventually(told, 20)
    for event in events:
        equals(without_nothing(event), without_nothing(in_their_words(event)))
        equals(event["job"]["name"], mlflow.get_experiment(run.info.experiment_id).name)
        equals(event["run"]["facets"]["parent"]["run"]["runId"], str(uuid.UUID(parent.info.run_id)))
        equals(event["inputs"][0]["facets"]["version"]["datasetVersion"], data.digest)
        equals([f["name"] for f in event["inputs"][0]["facets"]["schema"]["fields"]], ["x", "y"])


class Backend:
    """An OpenLineage backend at the place that the server was told of when it started."""

    def __enter__(self):
        self.events = events = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        port = int(os.environ["CAIRN_TEST_OPENLINEAGE_PORT"])
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
