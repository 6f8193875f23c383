"""Runs the scenarios with the client of this Python against the server named by MLFLOW_TRACKING_URI.

Usage: run.py [part of a subject or a name …]
"""

import contextlib
import importlib
import io
import logging
import pkgutil
import signal
import sys
import time
import traceback
import warnings

import mlflow

import scenarios
from harness import LONG, MAJOR, PEER, SCENARIOS, Scenario

SECONDS_MAX = 300


def main(wanted: "list[str]") -> int:
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    for module in sorted(module.name for module in pkgutil.iter_modules(scenarios.__path__)):
        importlib.import_module(f"scenarios.{module}")
    chosen = [s for s in SCENARIOS if not wanted or any(w in f"{s.subject}: {s.name}" for w in wanted)]
    server = "MLflow's own server" if PEER else "Cairn"
    print(f"\nmlflow {mlflow.__version__} with {server}", flush=True)
    present = [s for s in chosen if s.since <= MAJOR and (LONG or wanted or not s.long)]
    failed = sum(not passes(s) for s in present)
    for absent in (s for s in chosen if s.since > MAJOR):
        print(f"absent  {absent.subject}: {absent.name} (begins with MLflow {absent.since})")
    for left in (s for s in chosen if s.since <= MAJOR and s not in present):
        print(f"long    {left.subject}: {left.name} (in the full form: CAIRN_TEST=long)")
    print(f"mlflow {mlflow.__version__}: {len(present) - failed} passed, {failed} failed", flush=True)
    return failed


def passes(scenario: Scenario) -> bool:
    """Runs one scenario and prints its line; what it printed itself is shown only when it fails."""
    defect = scenario.peer_defect if PEER else None
    output = io.StringIO()
    started = time.monotonic()
    signal.alarm(SECONDS_MAX)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            scenario.run()
        verdict, rest = "ok", ""
    except Exception:
        verdict, rest = ("defect", f"\n        known: {defect}") if defect else ("FAILED", f"\n{output.getvalue()}{traceback.format_exc()}")
    finally:
        signal.alarm(0)
        while mlflow.active_run():
            mlflow.end_run()
    seconds = time.monotonic() - started
    print(f"{verdict:7} {scenario.subject}: {scenario.name} ({seconds:.1f} s){rest}", flush=True)
    return verdict != "FAILED"


def out_of_time(*_):
    raise TimeoutError(f"not done after {SECONDS_MAX} s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, out_of_time)
    sys.exit(1 if main(sys.argv[1:]) else 0)
