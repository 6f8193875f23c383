"""Scores a file by an endpoint: sends it straight to storage, waits for its job, and fetches what came out.

    python score.py march.csv --endpoint iris --options '{"bad_rows": {"policy": "skip"}}'

Needs `requests`. Where the platform is, and who asks, it takes from where MLflow's client does:
MLFLOW_TRACKING_URI (http://127.0.0.1:7071 without), and MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD.
"""

import argparse
import json
import os
import pathlib
import sys
import time
import urllib.parse

import requests

CAIRN = os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:7071").rstrip("/")
session = requests.Session()
if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
    session.headers["authorization"] = f"Bearer {token}"
elif user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
    session.auth = (user, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))


def call(method: str, path: str, body=None) -> requests.Response:
    """Asks the platform; an error says what it says, which names the field and the fix."""
    answer = session.request(method, CAIRN + path, json=body, timeout=60)
    if not answer.ok:
        sys.exit(f"{method} {path} answered {answer.status_code}: {answer.json().get('detail', answer.text)}")
    return answer


def upload(endpoint: str, name: str, content: "bytes | pathlib.Path") -> str:
    """Sends a file of any size; returns what a job takes as its input. The platform sees none of its bytes."""
    data = content if isinstance(content, bytes) else content.open("rb")
    size = len(data) if isinstance(data, bytes) else os.stat(data.fileno()).st_size
    place = call("POST", "/api/v1/batch-uploads", {"endpoint": endpoint, "name": name, "bytes": size}).json()
    url, blocks = place["url"], place["blocks"]
    if not blocks:
        requests.put(url, data, headers=place["headers"], timeout=600).raise_for_status()
        return place["input"]
    for block in blocks["ids"]:
        piece = data.read(blocks["bytes"])
        requests.put(f"{url}&comp=block&blockid={urllib.parse.quote(block, safe='')}", piece, timeout=600).raise_for_status()
    ids = "".join(f"<Latest>{block}</Latest>" for block in blocks["ids"])
    listed = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{ids}</BlockList>'
    requests.put(f"{url}&comp=blocklist", listed, timeout=60).raise_for_status()
    return place["input"]


def finished(job: dict) -> dict:
    """The job when it has ended; says now and then how far it is."""
    while job["finished_at"] is None:
        time.sleep(1)
        job = call("GET", job["links"]["self"]).json()
        rows, left = job["progress"]["rows"], job["progress"]["eta_seconds"]
        print(f"{job['status']}: {rows['done']} of {rows['total']} rows" + (f", {left} s left" if left else ""))
    return job


def fetch(place: dict) -> None:
    """Saves an output, or a file of errors, under its own name in this folder."""
    with session.get(CAIRN + place["url"], stream=True, timeout=60) as answer:
        answer.raise_for_status()
        target = pathlib.Path("scored-" + place["name"].rsplit("/", 1)[-1])
        with target.open("wb") as file:
            for piece in answer.iter_content(1 << 20):
                file.write(piece)
    print(f"{target}: {target.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--options", type=json.loads, default={}, help="as in docs/batch.md#options")
    asked = parser.parse_args()

    name = asked.file.name
    # The options go first: a file that appears in storage starts its job by itself, and finds them beside it.
    upload(asked.endpoint, f"{name}.job.json", json.dumps(asked.options).encode())
    source = upload(asked.endpoint, name, asked.file)
    job = finished(call("POST", "/api/v1/batch-jobs", {"endpoint": asked.endpoint, "input": source}).json())
    if job["status"] != "succeeded":
        sys.exit(f"{job['id']} {job['status']}: {json.dumps(job['error'])}")

    fetch(job["output"])
    if job["output"]["errors"]:
        fetch(job["output"]["errors"])
    report = call("GET", job["report"]).json()
    print(json.dumps({"counts": report["counts"], "drift": report["drift"]["verdict"]}, indent=2))


if __name__ == "__main__":
    main()
