"""How the converter speaks to a server: a small one here, which answers as Cairn does."""

import hashlib
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import server as client
from failure import CannotConvert

ARTIFACTS = "/api/2.0/mlflow-artifacts"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()

    do_PUT = do_POST = do_GET

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((f"{self.command} {self.path}", body, self.headers))
        status, headers, content = self.server.answers[f"{self.command} {self.path}"].pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Http(unittest.TestCase):
    def setUp(self):
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.requests, self.http.answers = [], {}
        thread = threading.Thread(target=self.http.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.cairn = client.Server(self.url, "lab", "secret")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.enterContext(mock.patch.object(client.time, "sleep"))

    def on(self, request, *answers):
        self.http.answers[request] = [(status, headers, content if isinstance(content, bytes) else json.dumps(content).encode()) for status, headers, content in answers]

    def test_the_manifest_is_read_page_by_page(self):
        base = "/api/v1/models/a%2Fb/versions/3/files?max_results=1000"
        self.on(f"GET {base}", (200, {}, {"files": [{"path": "MLmodel", "bytes": 1, "sha256": "aa"}], "next_page_token": "t 1"}))
        self.on(f"GET {base}&page_token=t%201", (200, {}, {"files": [{"path": "model.pkl", "bytes": 1, "sha256": "sha256:bb"}]}))
        self.assertEqual(self.cairn.manifest("a/b", 3), {"MLmodel": "aa", "model.pkl": "bb"})
        for _, _, headers in self.http.requests:
            self.assertEqual((headers["X-MLFLOW-WORKSPACE"], headers["Authorization"]), ("lab", "Bearer secret"))

    def test_a_file_may_lie_in_storage_which_is_not_shown_the_token(self):
        self.on(f"GET {ARTIFACTS}/artifacts/1/model%20a/f", (302, {"Location": f"{self.url}/storage?sig=1"}, b""))
        self.on("GET /storage?sig=1", (200, {}, b"content"))
        self.cairn.download("1/model a/f", hashlib.sha256(b"content").hexdigest(), self.folder / "deep" / "f")
        self.assertEqual((self.folder / "deep" / "f").read_bytes(), b"content")
        self.assertNotIn("Authorization", self.http.requests[1][2])

    def test_a_file_that_is_not_what_was_registered_is_refused(self):
        self.on(f"GET {ARTIFACTS}/artifacts/f", (200, {}, b"other"))
        with self.assertRaisesRegex(CannotConvert, "'f' has changed since the version was registered"):
            self.cairn.download("f", "0" * 64, self.folder / "f")

    def test_a_busy_server_is_asked_again_and_a_refusal_is_not(self):
        path = f"GET {ARTIFACTS}/artifacts/f"
        self.on(path, (503, {}, b""), (429, {}, b""), (200, {}, b"x"))
        self.cairn.download("f", hashlib.sha256(b"x").hexdigest(), self.folder / "f")
        self.on(path, (403, {}, b"you may not"))
        with self.assertRaisesRegex(ConnectionError, "answered 403: you may not"):
            self.cairn.download("f", "", self.folder / "f")
        self.on(path, *[(503, {}, b"busy")] * client.TRIES)
        with self.assertRaisesRegex(ConnectionError, "answered 503: busy"):
            self.cairn.download("f", "", self.folder / "f")

    def test_a_large_file_goes_to_storage_in_parts(self):
        self.enterContext(mock.patch.object(client, "PLAIN_BYTES_MAX", 4))
        parts = [{"url": f"{self.url}/part/{n}?sig=s", "part_number": n} for n in (1, 2, 3)]
        self.on(f"POST {ARTIFACTS}/mpu/create/1/model", (200, {}, {"upload_id": "u", "credentials": parts}))
        for n in (1, 2, 3):
            self.on(f"PUT /part/{n}?sig=s", (201, {}, b""))
        self.on(f"POST {ARTIFACTS}/mpu/complete/1/model", (200, {}, {}))
        source = self.folder / "model.onnx"
        source.write_bytes(b"abcdefghij")
        self.cairn.upload("1/model/model.onnx", source)
        self.assertEqual(b"".join(body for request, body, _ in self.http.requests if request.startswith("PUT")), b"abcdefghij")
        done = json.loads(self.http.requests[-1][1])
        self.assertEqual((done["path"], done["upload_id"], [p["part_number"] for p in done["parts"]]), ("model.onnx", "u", [1, 2, 3]))

    def test_an_error_shows_no_right_to_write(self):
        self.on("GET /f?sig=secret", (403, {}, b"no"))
        with self.assertRaises(ConnectionError) as raised:
            client._open(client.urllib.request.Request(f"{self.url}/f?sig=secret"))
        self.assertNotIn("secret", str(raised.exception))

    def test_no_file_leaves_the_folder(self):
        self.assertEqual(client.local_path(self.folder, "a/b"), self.folder / "a" / "b")
        for path in ("../b", "a/../../b", "/etc/passwd", ""):
            with self.assertRaises(CannotConvert):
                client.local_path(self.folder, path)
