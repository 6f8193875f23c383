"""Signatures that the reference implementation of OpenSSF model signing verifies, and the evidence around them."""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile
from typing import Iterator, Tuple

import mlflow
import requests

from harness import credentials, equals, eventually, new_experiment, scenario, unique
from scenarios.models import REQUIREMENTS, fitted

PEER_DEFECT = "it signs nothing"


def api(path: str, method: str = "GET") -> requests.Response:
    return requests.request(method, f"{os.environ['MLFLOW_TRACKING_URI']}/api/v1/{path}", headers=credentials(), timeout=60)


def signed_model(description: str = "") -> str:
    """Registers a model with input example and requirements, and waits for its signature; returns its name."""
    new_experiment()
    model, features = fitted()
    name = unique("signed")
    with mlflow.start_run():
        mlflow.log_metric("accuracy", model.score(features, model.predict(features)))
        mlflow.sklearn.log_model(model, name="model", **REQUIREMENTS, input_example=features.head(2), registered_model_name=name)
    mlflow.MlflowClient().update_model_version(name, "1", description=description)

    def is_signed():
        assert api(f"models/{name}/versions/1").json()["signing"] is not None

    eventually(is_signed, 60)
    return name


@contextlib.contextmanager
def downloaded(name: str) -> Iterator[Tuple[pathlib.Path, pathlib.Path, pathlib.Path]]:
    """The files of version 1 as MLflow's client gets them, its signature, and the key."""
    with tempfile.TemporaryDirectory() as target:
        folder = pathlib.Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=f"{target}/model"))
        signature, key = pathlib.Path(target, "version.sig"), pathlib.Path(target, "key.pem")
        signature.write_bytes(api(f"models/{name}/versions/1/signature").content)
        key.write_text(api("signing-keys").json()["keys"][0]["pem"], encoding="utf-8")
        yield folder, signature, key


def verification(folder: pathlib.Path, signature: pathlib.Path, key: pathlib.Path) -> Tuple[int, str]:
    """What `model_signing verify key` answers: its exit code, and what it says."""
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(folder), "--signature", str(signature), "--public_key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@scenario(since=3, peer_defect=PEER_DEFECT)
def a_downloaded_version_is_verified_by_the_reference_implementation():
    name = signed_model()
    with downloaded(name) as (folder, signature, key):
        code, says = verification(folder, signature, key)
        equals((code, says.strip()), (0, "Verification succeeded"))
        (folder / "model.sig").write_bytes(signature.read_bytes())
        equals(verification(folder, folder / "model.sig", key)[0], 0)


@scenario(since=3, peer_defect=PEER_DEFECT)
def a_version_that_was_tampered_with_is_refused_by_the_reference_implementation():
    name = signed_model()
    with downloaded(name) as (folder, signature, key):
        file = folder / "MLmodel"
        original = file.read_bytes()
        file.write_bytes(original + b"\n")
        code, says = verification(folder, signature, key)
        assert code != 0 and "Hash mismatch" in says and "MLmodel" in says, says
        file.write_bytes(original)
        (folder / "extra.py").write_text("1", encoding="utf-8")
        code, says = verification(folder, signature, key)
        assert code != 0 and "extra.py" in says, says
        (folder / "extra.py").unlink()
        (folder / "requirements.txt").unlink()
        code, says = verification(folder, signature, key)
        assert code != 0 and "requirements.txt" in says, says


@scenario(since=3, peer_defect=PEER_DEFECT)
def the_server_verifies_what_the_reference_implementation_verifies():
    name = signed_model()
    verdict = api(f"models/{name}/versions/1/verify", "POST").json()
    version = api(f"models/{name}/versions/1").json()
    equals((verdict["valid"], verdict["key_id"]), (True, version["signing"]["key_id"]))
    with downloaded(name) as (folder, _, _):
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "registered_model_meta"]
        equals(verdict["files"], len(files))


@scenario(since=3, peer_defect=PEER_DEFECT)
def the_evidence_of_a_version_checks_without_the_server():
    name = signed_model("Tells irises apart.\n\n<script>alert(1)</script>\n\n# No heading\n\n| no | table |\n|---|---|")
    archive = zipfile.ZipFile(io.BytesIO(api(f"models/{name}/versions/1/evidence").content))
    equals(archive.testzip(), None)
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, file = line.split("  ")
        equals(hashlib.sha256(archive.read(file)).hexdigest(), digest)
    with downloaded(name) as (folder, signature, key), tempfile.TemporaryDirectory() as target:
        archive.extractall(target)
        signature, key = pathlib.Path(target, "signature", "model.sig"), pathlib.Path(target, "signature", "public-key.pem")
        equals(verification(folder, signature, key)[0], 0)
        listed = {file["path"]: file["sha256"] for file in json.loads(archive.read("manifest.json"))["files"]}
        equals(listed["MLmodel"], hashlib.sha256((folder / "MLmodel").read_bytes()).hexdigest())


@scenario(since=3, peer_defect=PEER_DEFECT)
def a_card_shows_what_users_wrote_and_nothing_more():
    from markdown_it import MarkdownIt

    written = "Tells irises apart.\n\n<script>alert(1)</script>\n\n# No heading\n\n- no list\n\n| no | table |\n|---|---|\n\n[no link](javascript:1) `no code` **plain**"
    name = signed_model(written)
    card = api(f"models/{name}/versions/1/card").text
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(card.split("\n---\n", 1)[1])
    purpose = [i for i, token in enumerate(tokens) if token.type == "heading_open" and tokens[i + 1].content == "Purpose"][0]
    section = []
    for token in tokens[purpose + 3 :]:
        if token.type == "heading_open":
            break
        section.append(token)
    equals({token.type for token in section}, {"paragraph_open", "inline", "paragraph_close"})
    shown = "\n\n".join(
        "".join(child.content if child.type in ("text", "text_special") else "\n" for child in token.children)
        for token in section
        if token.type == "inline"
    )
    equals(shown, written)
