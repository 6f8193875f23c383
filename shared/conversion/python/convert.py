"""Converts one registered model version to ONNX and shows that the ONNX is the same model.

Brings the files of the version by Cairn's HTTP API and checks them against its manifest, reads the model
(scikit-learn, XGBoost, LightGBM as MLflow logs them), converts it, compares both on the input example, and
stores `model.onnx` and a report as artifacts beside the model. The last line printed is the report as JSON.

Reading a model runs code that the model brings along, with all rights of this process: run it where that is
acceptable, as a user of its own or in a container.

Environment:
  CAIRN_URL         where the server is
  CAIRN_TOKEN       what to show it, where it asks callers to sign in
  CAIRN_CONVERSION  the task as JSON: job, attempt, workspace, model, version, artifact (the model's folder
                    among the artifacts), target (the folder to write to), ticket (signs the report), bytesMax
"""

import argparse
import hashlib
import hmac
import importlib.metadata
import json
import os
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from failure import CannotConvert
from server import Server, local_path

PACKAGES = ["lightgbm", "numpy", "onnx", "onnxmltools", "onnxruntime", "scikit-learn", "skl2onnx", "xgboost-cpu"]


@dataclass(frozen=True)
class Task:
    """One attempt at one conversion."""

    job: str
    attempt: int
    workspace: str
    model: str
    version: int
    #: The model's folder, and the folder of what comes out, as artifact paths of the workspace.
    artifact: str
    target: str
    #: Known to the server and this process alone: proves that the report is this attempt's.
    ticket: str
    #: Of the largest model that can be served.
    bytesMax: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", action="store_true", help="print the versions of the packages in use and end")
    if parser.parse_args().versions:
        print(json.dumps(versions()))
        return 0
    for name in ("CAIRN_URL", "CAIRN_CONVERSION"):
        if name not in os.environ:
            parser.error(f"{name} is not set")
    task = Task(**json.loads(os.environ["CAIRN_CONVERSION"]))
    server = Server(os.environ["CAIRN_URL"], task.workspace, os.environ.get("CAIRN_TOKEN"))
    with tempfile.TemporaryDirectory(prefix="cairn-convert-") as folder:
        report = attempt(server, task, Path(folder))
        body = json.dumps(report)
        proof = hmac.new(task.ticket.encode(), body.encode(), hashlib.sha256).hexdigest()
        path = Path(folder) / "report"
        path.write_text(f"{proof}\n{body}")
        server.upload(f"{task.target}/report", path)
    print(body, flush=True)
    return 0 if report["state"] == "converted" else 1


def attempt(server: Server, task: Task, folder: Path) -> "dict[str, Any]":
    """Converts, and reports a model that cannot be. What goes wrong on the way is raised."""
    try:
        return convert(server, task, folder)
    except CannotConvert as error:
        print(str(error), file=sys.stderr)
        return {"state": "failed", "reason": str(error), "packages": versions()}
    except ConnectionError:
        raise
    except Exception as error:
        # Converters raise what they like about a model they do not know.
        traceback.print_exc()
        return {"state": "failed", "reason": f"{type(error).__name__}: {str(error)[:1000]}", "packages": versions()}


def convert(server: Server, task: Task, folder: Path) -> "dict[str, Any]":
    model_folder = folder / "model"
    for path, sha256 in files(server, task).items():
        server.download(f"{task.artifact}/{path}", sha256, local_path(model_folder, path))

    # Heavy, and of no use before there is a model.
    import check
    import flavours
    import rows

    original = flavours.load(model_folder)
    sample = rows.rows_for(original)
    converted, difference, count = check.same_onnx(original.model, sample)

    onnx = converted.SerializeToString()
    if len(onnx) > task.bytesMax:
        raise CannotConvert(f"The ONNX has {len(onnx)} bytes; at most {task.bytesMax} can be served.")
    path = folder / "model.onnx"
    path.write_bytes(onnx)
    server.upload(f"{task.target}/model.onnx", path)
    return {
        "state": "converted",
        "path": f"{task.target}/model.onnx",
        "sha256": hashlib.sha256(onnx).hexdigest(),
        "bytes": len(onnx),
        "rows": count,
        "rows_from": sample.source,
        "max_abs_difference": difference,
        "tolerance": check.TOLERANCE,
        "warnings": original.warnings,
        "packages": versions(),
    }


def files(server: Server, task: Task) -> "Mapping[str, str]":
    """The model's own files and their sha-256; not what an earlier conversion left beside them."""
    digests = server.manifest(task.model, task.version)
    return {path: sha256 for path, sha256 in digests.items() if not f"{task.artifact}/{path}".startswith(os.path.dirname(task.target) + "/")}


def versions() -> "dict[str, str]":
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"python": ".".join(map(str, sys.version_info[:3])), **found}


if __name__ == "__main__":
    sys.exit(main())
