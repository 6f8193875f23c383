"""What the scenarios share: their registration, experiments of their own, and checks of what a server refuses."""

import base64
import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from typing import Callable, Iterator, Optional

import mlflow
from mlflow.exceptions import MlflowException

MAJOR = int(mlflow.__version__.split(".", maxsplit=1)[0])
#: Whether the server is MLflow's own, which the scenarios are held against to see that they are right.
PEER = os.environ.get("CAIRN_TEST_PEER") == "1"
#: Whether what takes long and differs little from a shorter scenario is run, too.
LONG = os.environ.get("CAIRN_TEST") == "long"


@dataclass(frozen=True)
class Scenario:
    subject: str
    name: str
    run: Callable[[], None]
    since: int
    peer_defect: Optional[str]
    long: bool


SCENARIOS: "list[Scenario]" = []


def scenario(function=None, *, since: int = 2, peer_defect: Optional[str] = None, long: bool = False):
    """Registers a function whose name is the guarantee it checks by assertions.

    since: the major version of MLflow whose clients have what it calls.
    peer_defect: why MLflow's own server does not keep the guarantee.
    long: it runs in the full form only (CAIRN_TEST=long), or when it is asked for by name.
    """

    def register(run):
        subject = run.__module__.rsplit(".", 1)[-1]
        SCENARIOS.append(Scenario(subject, run.__name__.replace("_", " "), run, since, peer_defect, long))
        return run

    return register if function is None else register(function)


def credentials() -> "dict[str, str]":
    """The header by which the client of this run signs in, for calls that it has no method for."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def unique(name: str) -> str:
    """A name that nobody else uses on a server that is never emptied."""
    return f"{name} {uuid.uuid4().hex[:12]}"


def new_experiment(name: str = "experiment", **options) -> str:
    """An experiment of the scenario's own, made the active one; returns its id."""
    experiment_id = mlflow.create_experiment(unique(name), **options)
    mlflow.set_experiment(experiment_id=experiment_id)
    return experiment_id


@contextlib.contextmanager
def refused(code: str, *parts: str) -> Iterator[None]:
    """Expects the client to raise with this error code, and these parts in its message."""
    try:
        yield
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} instead of {code}: {error}"
        for part in parts:
            assert part in str(error), f"'{part}' is not in: {error}"
    else:
        raise AssertionError(f"nothing was refused; expected {code}")


@contextlib.contextmanager
def environment(**variables: Optional[str]) -> Iterator[None]:
    """Sets environment variables for a while; `None` takes one away."""
    before = {name: os.environ.get(name) for name in variables}
    put(variables)
    try:
        yield
    finally:
        put(before)


def put(variables: "dict[str, Optional[str]]") -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def eventually(holds: Callable[[], object], seconds_max: float = 10):
    """Tries until an assertion holds: searches may lag behind a write for a moment."""
    deadline = time.monotonic() + seconds_max
    while True:
        try:
            return holds()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def equals(actual, expected) -> None:
    """Like an assertion of equality, with both sides in its message."""
    assert actual == expected, f"\n  got      {actual!r}\n  expected {expected!r}"
