"""Signing in by a token, by user and password and by Entra ID's tokens; users, permissions and workspaces."""

import contextlib
import os
import pathlib
import tempfile
import threading
import time
import uuid

import mlflow
import requests
from mlflow import MlflowClient

from harness import environment, equals, eventually, refused, scenario, unique

NO_SIGN_IN = "MLflow's server asks nobody to sign in unless its basic-auth app runs"
PASSWORD = "a long enough password"
#: A token of Entra ID lives this long, and is refreshed this often: what is left bears a machine that others use too.
SHORT_LIFE_SECONDS, REFRESH_SECONDS = 6, 2


def admin(method, path, body=None):
    """A call by the first admin, which must succeed."""
    answer = requests.request(
        method,
        os.environ["MLFLOW_TRACKING_URI"] + path,
        json=body,
        headers={"Authorization": f"Bearer {os.environ['CAIRN_TEST_ADMIN_TOKEN']}"},
        timeout=30,
    )
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else {}


def grant(principal, role, **more):
    rule = {"subject": f"principal:{principal}", "workspace": "default", "effect": "allow", "role": role, **more}
    return admin("POST", "/api/v1/access/grants", rule)


def new_service(role=None):
    """A service of its own, with a role in the workspace where one is given; gives its name."""
    name = f"service-{uuid.uuid4().hex[:12]}"
    admin("POST", "/api/v1/access/principals", {"name": name, "kind": "service"})
    if role:
        grant(name, role)
    return name


def new_token(principal, **more):
    return admin("POST", "/api/v1/tokens", {"name": "test", "principal": principal, **more})


def nobody():
    return environment(MLFLOW_TRACKING_TOKEN=None, MLFLOW_TRACKING_USERNAME=None, MLFLOW_TRACKING_PASSWORD=None)


@contextlib.contextmanager
def by_token(token):
    with nobody(), environment(MLFLOW_TRACKING_TOKEN=token):
        yield


@contextlib.contextmanager
def by_password(user, password):
    with nobody(), environment(MLFLOW_TRACKING_USERNAME=user, MLFLOW_TRACKING_PASSWORD=password):
        yield


def entra_token(seconds=3600):
    """A token as of Entra ID that the server takes for so long."""
    return requests.get(os.environ["CAIRN_TEST_JWTS"], params={"seconds": seconds}, timeout=10).text


def log_a_run():
    """A run with a metric and a file, read back; gives its experiment and id."""
    experiment_id = mlflow.create_experiment(unique("access"))
    with mlflow.start_run(experiment_id=experiment_id) as run:
        mlflow.log_metric("auc", 0.5)
        mlflow.log_text("hello", "note.txt")
    run_id = run.info.run_id
    equals(MlflowClient().get_run(run_id).data.metrics, {"auc": 0.5})
    equals(mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt"), "hello")
    return experiment_id, run_id


@scenario(peer_defect=NO_SIGN_IN)
def who_proves_nothing_or_something_wrong_is_told_to_sign_in():
    with nobody(), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments()
    with by_token(new_token(new_service("viewer"))["token"][:-1] + "x"), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments()
    with by_password("scenarios-2", "a wrong password"), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments()


@scenario(peer_defect=NO_SIGN_IN)
def a_contributor_works_by_token_and_by_basic():
    service = new_service("contributor")
    token = new_token(service)["token"]
    with by_token(token):
        log_a_run()
    with by_password(service, token):
        _, run_id = log_a_run()
        equals(MlflowClient().get_run(run_id).info.user_id is not None, True)


@scenario(peer_defect=NO_SIGN_IN)
def a_viewer_reads_everything_and_changes_nothing():
    experiment_id, run_id = log_a_run()
    with by_token(new_token(new_service("viewer"))["token"]):
        client = MlflowClient()
        equals(client.get_run(run_id).data.metrics, {"auc": 0.5})
        equals(mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt"), "hello")
        with refused("PERMISSION_DENIED", "contributor"):
            client.log_metric(run_id, "auc", 0.9)
        with refused("PERMISSION_DENIED"):
            client.create_run(experiment_id)
        with refused("PERMISSION_DENIED"):
            client.create_registered_model(unique("model"))
    equals(MlflowClient().get_run(run_id).data.metrics, {"auc": 0.5})


@scenario(peer_defect=NO_SIGN_IN)
def a_token_does_no_more_than_it_was_made_for():
    service = new_service("admin")
    token = new_token(service, scopes={"role": "viewer"})["token"]
    _, run_id = log_a_run()
    with by_token(token), refused("PERMISSION_DENIED"):
        MlflowClient().set_tag(run_id, "k", "v")


@scenario(peer_defect=NO_SIGN_IN)
def a_revoked_token_and_a_disabled_principal_are_refused_at_once():
    service = new_service("viewer")
    first, second = new_token(service), new_token(service)
    for made in (first, second):
        with by_token(made["token"]):
            MlflowClient().search_experiments(max_results=1)
    admin("DELETE", f"/api/v1/tokens/{first['id']}")
    with by_token(first["token"]), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments(max_results=1)
    admin("PATCH", f"/api/v1/access/principals/{service}", {"disabled": True, "reason": "left"})
    with by_token(second["token"]), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments(max_results=1)


@scenario(peer_defect=NO_SIGN_IN)
def a_long_run_goes_on_while_the_variable_with_the_token_is_refreshed():
    first = entra_token(SHORT_LIFE_SECONDS)
    with by_token(first):
        stop = threading.Event()

        def refresh():
            while not stop.wait(REFRESH_SECONDS):
                os.environ["MLFLOW_TRACKING_TOKEN"] = entra_token(SHORT_LIFE_SECONDS)

        refreshing = threading.Thread(target=refresh)
        refreshing.start()
        try:
            run_id = log_for_a_while(seconds=SHORT_LIFE_SECONDS + 3)
        finally:
            stop.set()
            refreshing.join()
    with by_token(first), refused("UNAUTHENTICATED"):
        MlflowClient().get_run(run_id)


@scenario(peer_defect=NO_SIGN_IN)
def a_long_run_goes_on_while_the_file_with_the_token_is_refreshed():
    with tempfile.TemporaryDirectory() as home, nobody(), environment(HOME=home):
        file = pathlib.Path(home, ".mlflow", "credentials")
        file.parent.mkdir()

        def put(token):
            fresh = file.with_suffix(".new")
            fresh.write_text(f"[mlflow]\nmlflow_tracking_username = token\nmlflow_tracking_password = {token}\n")
            fresh.replace(file)

        first = entra_token(SHORT_LIFE_SECONDS)
        put(first)
        stop = threading.Event()

        def refresh():
            while not stop.wait(REFRESH_SECONDS):
                put(entra_token(SHORT_LIFE_SECONDS))

        refreshing = threading.Thread(target=refresh)
        refreshing.start()
        try:
            run_id = log_for_a_while(seconds=SHORT_LIFE_SECONDS + 3)
        finally:
            stop.set()
            refreshing.join()
        put(first)
        with refused("UNAUTHENTICATED"):
            MlflowClient().get_run(run_id)


def log_for_a_while(seconds):
    """Logs a metric ten times a second, and shows that each value arrived."""
    client = MlflowClient()
    run_id = client.create_run(mlflow.create_experiment(unique("long"))).info.run_id
    deadline = time.monotonic() + seconds
    step = 0
    while time.monotonic() < deadline:
        client.log_metric(run_id, "loss", 1 / (step + 1), step=step)
        step += 1
        time.sleep(0.1)
    equals([point.step for point in client.get_metric_history(run_id, "loss")], list(range(step)))
    return run_id


@scenario(peer_defect=NO_SIGN_IN)
def users_are_made_changed_and_deleted_by_mlflows_own_client():
    name = f"user-{uuid.uuid4().hex[:12]}"
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        users = auth_client()
        made = users.create_user(name, PASSWORD)
        equals((made.username, made.is_admin), (name, False))
        equals(users.get_user(name).username, name)
        with refused("RESOURCE_ALREADY_EXISTS"):
            users.create_user(name, PASSWORD)
        users.update_user_password(name, "another long password")
    with by_password(name, PASSWORD), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments()
    with by_password(name, "another long password"):
        with refused("PERMISSION_DENIED"):
            mlflow.create_experiment(unique("denied"))
        equals(auth_client().get_user(name).username, name)
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        users.update_user_admin(name, True)
    with by_password(name, "another long password"):
        equals(auth_client().get_user(name).is_admin, True)
        mlflow.create_experiment(unique("allowed"))
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        users.delete_user(name)
    with by_password(name, "another long password"), refused("UNAUTHENTICATED"):
        MlflowClient().search_experiments()


@scenario(peer_defect=NO_SIGN_IN)
def permissions_over_one_experiment_hide_show_and_open_it():
    name = f"user-{uuid.uuid4().hex[:12]}"
    shared, run_id = log_a_run()
    hidden, hidden_run = log_a_run()
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        auth_client().create_user(name, PASSWORD)
        set_experiment_permission(shared, name, "READ")
    with by_password(name, PASSWORD):
        client = MlflowClient()
        equals([e.experiment_id for e in client.search_experiments()], [shared])
        equals([r.info.run_id for r in client.search_runs([shared, hidden])], [run_id])
        with refused("PERMISSION_DENIED"):
            client.get_run(hidden_run)
        with refused("PERMISSION_DENIED"):
            client.set_tag(run_id, "k", "v")
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        set_experiment_permission(shared, name, "EDIT")
    with by_password(name, PASSWORD):
        client.set_tag(run_id, "k", "v")
        equals(client.get_run(run_id).data.tags["k"], "v")


def auth_client():
    from mlflow.server.auth.client import AuthServiceClient

    return AuthServiceClient(os.environ["MLFLOW_TRACKING_URI"])


def set_experiment_permission(experiment_id, user, permission):
    """By the call that this client has."""
    client = auth_client()
    if hasattr(client, "grant_user_permission"):
        client.grant_user_permission(user, "experiment", experiment_id, permission)
        equals(client.get_user_permission(user, "experiment", experiment_id).permission, permission)
        return
    held = {p.experiment_id for p in client.get_user(user).experiment_permissions}
    change = client.update_experiment_permission if experiment_id in held else client.create_experiment_permission
    change(experiment_id, user, permission)
    equals(client.get_experiment_permission(experiment_id, user).permission, permission)


@scenario(since=3, peer_defect="MLflow's server has workspaces only with --enable-workspaces")
def a_workspace_keeps_its_runs_and_models_to_itself():
    name = f"team-{uuid.uuid4().hex[:12]}"
    with by_token(os.environ["CAIRN_TEST_ADMIN_TOKEN"]):
        mlflow.create_workspace(name, description="of a team")
        assert name in [workspace.name for workspace in mlflow.list_workspaces()]
        try:
            mlflow.set_workspace(name)
            experiment_id, run_id = log_a_run()
            model = unique("model")
            MlflowClient().create_registered_model(model)
            equals([e.experiment_id for e in MlflowClient().search_experiments(filter_string="name LIKE 'access%'")], [experiment_id])
        finally:
            mlflow.set_workspace("default")
        with refused("RESOURCE_DOES_NOT_EXIST"):
            MlflowClient().get_run(run_id)
        with refused("RESOURCE_DOES_NOT_EXIST"):
            MlflowClient().get_registered_model(model)
    # To whoever has no role there it is not even there.
    with by_token(new_token(new_service("contributor"))["token"]):
        assert name not in [workspace.name for workspace in mlflow.list_workspaces()]
        try:
            mlflow.set_workspace(name)
            with refused("RESOURCE_DOES_NOT_EXIST"):
                MlflowClient().search_experiments()
        finally:
            mlflow.set_workspace("default")


@scenario(peer_defect="MLflow's server keeps what it is given")
def what_looks_like_a_secret_is_not_kept():
    mlflow.set_experiment(unique("secrets"))
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    with mlflow.start_run() as run:
        mlflow.log_params({"depth": 4, "key": secret})
        mlflow.set_tag("note", f"use {secret}")
    data = MlflowClient().get_run(run.info.run_id).data
    equals(data.params["depth"], "4")
    for text in (data.params["key"], data.tags["note"]):
        assert secret not in text, text
        assert "redacted" in text, text


@scenario(peer_defect="MLflow's server counts nothing")
def usage_counts_what_a_principal_did():
    service = new_service("contributor")
    with by_token(new_token(service)["token"]):
        log_a_run()

    def holds():
        month = time.strftime("%Y-%m", time.gmtime())
        rows = admin("GET", f"/api/v1/usage?month={month}&principal={service}")["rows"]
        assert rows and rows[0]["calls"] >= 6 and rows[0]["request_units"] > 0, rows

    eventually(holds, 45)
