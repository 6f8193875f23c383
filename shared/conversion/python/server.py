"""Cairn's HTTP API, as far as a conversion needs it: the files of a version down, its ONNX and a report up."""

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Iterator, Optional

from failure import CannotConvert

TRIES = 5
SECONDS_MAX = 120
CHUNK_BYTES = 1 << 20
#: Larger files go to storage in parts: one request through the server takes 100 MiB.
PLAIN_BYTES_MAX = 64 << 20


@dataclass(frozen=True)
class Server:
    """A Cairn server, one of its workspaces, and the token to show it, where it asks for one."""

    url: str
    workspace: str
    token: Optional[str]

    def manifest(self, model: str, version: int) -> "dict[str, str]":
        """The sha-256 of every file of a version, by its path."""
        base = f"/api/v1/models/{urllib.parse.quote(model, safe='')}/versions/{version}/files"
        digests: "dict[str, str]" = {}
        token = ""
        while True:
            page = self._json("GET", f"{base}?max_results=1000" + (f"&page_token={urllib.parse.quote(token)}" if token else ""))
            digests |= {file["path"]: file["sha256"].removeprefix("sha256:") for file in page["files"]}
            token = page.get("next_page_token") or ""
            if not token:
                return digests

    def download(self, artifact: str, sha256: str, target: Path) -> None:
        """Brings an artifact to a file, and refuses one that is not what the manifest says."""
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with self._open("GET", _artifact_path(artifact)) as answer, open(target, "wb") as file:
            while chunk := answer.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise CannotConvert(
                f"'{artifact}' has changed since the version was registered: its sha-256 is {digest.hexdigest()}, not {sha256}."
            )

    def upload(self, artifact: str, source: Path) -> None:
        """Stores a file as an artifact."""
        if source.stat().st_size > PLAIN_BYTES_MAX:
            self._upload_in_parts(artifact, source)
        else:
            self._open("PUT", _artifact_path(artifact), source.read_bytes(), "application/octet-stream").close()

    def _upload_in_parts(self, artifact: str, source: Path) -> None:
        path = PurePosixPath(artifact)
        mpu = lambda verb: f"/api/2.0/mlflow-artifacts/mpu/{verb}/{urllib.parse.quote(str(path.parent))}"  # noqa: E731
        count = -(-source.stat().st_size // PLAIN_BYTES_MAX)
        created = self._json("POST", mpu("create"), {"path": path.name, "num_parts": count})
        with open(source, "rb") as file:
            for part in sorted(created["credentials"], key=lambda part: part["part_number"]):
                # The URL carries its own right to write; it gets no token of ours.
                _open(urllib.request.Request(part["url"], file.read(PLAIN_BYTES_MAX), part.get("headers") or {}, method="PUT")).close()
        parts = [{"part_number": number + 1, "etag": "", "url": ""} for number in range(count)]
        self._json("POST", mpu("complete"), {"path": path.name, "upload_id": created["upload_id"], "parts": parts})

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with self._open(method, path, data, "application/json") as answer:
            return json.load(answer)

    def _open(self, method: str, path: str, body: Optional[bytes] = None, content_type: str = "") -> http.client.HTTPResponse:
        request = urllib.request.Request(self.url.rstrip("/") + path, body, method=method)
        request.add_header("X-MLFLOW-WORKSPACE", self.workspace)
        if body is not None:
            request.add_header("Content-Type", content_type)
        if self.token:
            # Not repeated where an answer redirects to storage, which has a right to read of its own.
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        return _open(request)


def _open(request: urllib.request.Request) -> http.client.HTTPResponse:
    for wait_seconds in _waits():
        try:
            return urllib.request.urlopen(request, timeout=SECONDS_MAX)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 500, 502, 503, 504) or wait_seconds is None:
                said = error.read(2000).decode(errors="replace")
                raise ConnectionError(f"{request.get_method()} {_shown(request)} answered {error.code}: {said}") from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            if wait_seconds is None:
                raise ConnectionError(f"{request.get_method()} {_shown(request)}: {error}") from None
        time.sleep(wait_seconds)
    raise AssertionError("the last try returns or raises")


def _waits() -> Iterator[Optional[float]]:
    yield from (0.5 * 2**n for n in range(TRIES - 1))
    yield None


def _shown(request: urllib.request.Request) -> str:
    """The URL without its query, which may be a right to write."""
    return request.full_url.split("?")[0]


def _artifact_path(artifact: str) -> str:
    return f"/api/2.0/mlflow-artifacts/artifacts/{urllib.parse.quote(artifact)}"


def local_path(folder: Path, path: str) -> Path:
    """Where a file of the manifest goes; never outside of the folder."""
    target = Path(os.path.normpath(folder / path))
    if folder not in target.parents:
        raise CannotConvert(f"The version has a file at '{path}', which is outside of its folder.")
    return target
