"""Webhooks: kept, tested, told of the registry's events, and believed by a receiver that checks signatures."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, eventually, new_experiment, refused, scenario, unique

SECRET = "a secret between two"


class Receiver:
    """A receiver on this machine; answers the statuses it is given, then 200."""

    def __init__(self, statuses=()):
        self.requests = []
        statuses = list(statuses)
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append((dict(self.headers.items()), body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def told_of(self, name):
        """What came of one model: (entity, action, data without the name), in no particular order."""
        bodies = [verified(headers, body) for headers, body in list(self.requests)]
        return [
            (body["entity"], body["action"], {k: v for k, v in body["data"].items() if k != "name"})
            for body in bodies
            if body["data"]["name"] == name
        ]


def verified(headers, body, secret=SECRET):
    """The body of a delivery whose signature, time and type are as they must be."""
    sent, delivery_id = headers["X-MLflow-Timestamp"], headers["X-MLflow-Delivery-Id"]
    assert abs(time.time() - int(sent)) < 300, f"sent at {sent}"
    digest = hmac.new(secret.encode(), f"{delivery_id}.{sent}.{body.decode()}".encode(), hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    assert hmac.compare_digest(headers["X-MLflow-Signature"], expected), "the signature is another one"
    equals(headers["Content-Type"], "application/json")
    return json.loads(body)


def same(actual, expected):
    key = lambda each: json.dumps(each, sort_keys=True)
    equals(sorted(actual, key=key), sorted(expected, key=key))


@scenario(since=3)
def a_webhook_is_made_changed_listed_and_deleted():
    client = MlflowClient()
    made = client.create_webhook(
        "first-hook",
        "https://example.com/hook",
        ["registered_model.created", "model_version_tag.set"],
        description="of a test",
        secret=SECRET,
    )
    got = client.get_webhook(made.webhook_id)
    equals((got.name, got.url, got.description), ("first-hook", "https://example.com/hook", "of a test"))
    equals((str(got.status), sorted(map(str, got.events))), ("ACTIVE", ["model_version_tag.set", "registered_model.created"]))
    equals((got.secret, got.creation_timestamp), (None, made.creation_timestamp))
    changed = client.update_webhook(made.webhook_id, name="second-hook", events=["prompt.created"], status="DISABLED")
    equals((changed.name, changed.url, str(changed.status)), ("second-hook", "https://example.com/hook", "DISABLED"))
    equals(list(map(str, changed.events)), ["prompt.created"])
    eventually(lambda: equals([w.name for w in client.list_webhooks() if w.webhook_id == made.webhook_id], ["second-hook"]))
    client.delete_webhook(made.webhook_id)
    with refused("RESOURCE_DOES_NOT_EXIST", made.webhook_id):
        client.get_webhook(made.webhook_id)


@scenario(since=3)
def what_is_no_webhook_is_refused():
    client = MlflowClient()
    for name, url, events in [
        ("a name", "https://example.com", ["prompt.created"]),
        ("hook", "ftp://example.com", ["prompt.created"]),
        ("hook", "https:///hook", ["prompt.created"]),
        ("hook", "https://example.com", []),
    ]:
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_webhook(name, url, events)
    with refused("RESOURCE_DOES_NOT_EXIST", "Webhook with ID none not found."):
        client.update_webhook("none", name="hook")


@scenario(since=3)
def a_test_of_a_webhook_sends_a_signed_example():
    client = MlflowClient()
    with Receiver() as receiver:
        hook = client.create_webhook("tested", receiver.url, ["model_version.created"], secret=SECRET)
        result = client.test_webhook(hook.webhook_id)
        equals((result.success, result.response_status, result.response_body), (True, 200, "ok"))
        client.test_webhook(hook.webhook_id, "model_version_alias.created")
        first, second = [verified(headers, body) for headers, body in receiver.requests]
        equals((first["entity"], first["action"], first["data"]["name"]), ("model_version", "created", "example_model"))
        equals(second["data"], {"name": "example_model", "alias": "example_alias", "version": "1"})
    failed = client.test_webhook(hook.webhook_id)
    equals((failed.success, failed.response_status), (False, None))
    assert failed.error_message.startswith("Failed to test webhook"), failed.error_message
    client.delete_webhook(hook.webhook_id)


@scenario(since=3)
def a_receiver_is_told_of_a_model_its_version_its_tags_and_its_aliases():
    new_experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/data.txt")
    client = MlflowClient()
    name = unique("model")
    events = [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ]
    with Receiver() as receiver:
        hook = client.create_webhook("told", receiver.url, events, secret=SECRET)
        client.create_registered_model(name, tags={"team": "tests"}, description="described")
        source = f"{run.info.artifact_uri}/model"
        client.create_model_version(name, source, run_id=run.info.run_id, tags={"k": "v"})
        client.set_model_version_tag(name, "1", "stage", "gold")
        client.set_registered_model_alias(name, "champion", "1")
        version = {"version": "1"}
        told = [
            ("registered_model", "created", {"tags": {"team": "tests"}, "description": "described"}),
            (
                "model_version",
                "created",
                {**version, "source": source, "run_id": run.info.run_id, "tags": {"k": "v"}, "description": None},
            ),
            ("model_version_tag", "set", {**version, "key": "stage", "value": "gold"}),
            ("model_version_alias", "created", {**version, "alias": "champion"}),
        ]
        # A version is told of as it is when it is told of; the tag may be on it by then.
        eventually(lambda: same([without_tag(each) for each in receiver.told_of(name)], told), 30)
        client.delete_model_version_tag(name, "1", "stage")
        client.delete_registered_model_alias(name, "champion")
        told += [
            ("model_version_tag", "deleted", {**version, "key": "stage"}),
            ("model_version_alias", "deleted", {"alias": "champion"}),
        ]
        eventually(lambda: same([without_tag(each) for each in receiver.told_of(name)], told), 30)
        client.delete_webhook(hook.webhook_id)


def without_tag(news):
    entity, action, data = news
    if (entity, action) != ("model_version", "created"):
        return news
    return entity, action, {**data, "tags": {k: v for k, v in data["tags"].items() if k != "stage"}}


@scenario(since=3)
def a_receiver_is_told_of_a_prompt():
    client = MlflowClient()
    name = unique("prompt").replace(" ", "-")
    events = ["prompt.created", "prompt_version.created", "prompt_alias.created", "registered_model.created"]
    with Receiver() as receiver:
        hook = client.create_webhook("told-prompts", receiver.url, events, secret=SECRET)
        client.register_prompt(name, "Hello {{who}}!", commit_message="the first", tags={"lang": "en"})
        client.set_prompt_alias(name, "best", 1)

        def told():
            news = {f"{entity}.{action}": data for entity, action, data in receiver.told_of(name)}
            equals(sorted(news), ["prompt.created", "prompt_alias.created", "prompt_version.created"])
            made = news["prompt_version.created"]
            equals((made["version"], made["template"], made["description"]), ("1", "Hello {{who}}!", "the first"))
            equals(made["tags"].get("lang"), "en")
            equals(news["prompt_alias.created"], {"alias": "best", "version": "1"})

        eventually(told, 30)
        client.delete_webhook(hook.webhook_id)


@scenario(since=3)
def a_delivery_that_failed_comes_again_under_its_id():
    client = MlflowClient()
    name = unique("model")
    with Receiver(statuses=[503]) as receiver:
        hook = client.create_webhook("retried", receiver.url, ["registered_model.created"], secret=SECRET)
        client.create_registered_model(name)
        eventually(lambda: equals(len(receiver.told_of(name)), 2), 60)
        equals(len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.requests}), 1)
        client.delete_webhook(hook.webhook_id)


@scenario(since=3)
def a_disabled_webhook_is_told_nothing():
    client = MlflowClient()
    first, second = unique("model"), unique("model")
    with Receiver() as off, Receiver() as on:
        events = ["registered_model.created"]
        disabled = client.create_webhook("off", off.url, events, secret=SECRET, status="DISABLED")
        enabled = client.create_webhook("on", on.url, events, secret=SECRET)
        for name in (first, second):
            client.create_registered_model(name)
            eventually(lambda: equals(len(on.told_of(name)), 1), 30)
        equals(off.requests, [])
        client.delete_webhook(disabled.webhook_id)
        client.delete_webhook(enabled.webhook_id)
