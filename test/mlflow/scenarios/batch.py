"""Batch scoring: files that pandas writes, in by a folder or straight to storage, out as pandas reads them."""

import functools
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import numpy as np
import pandas as pd
import requests

from harness import MAJOR, credentials, equals, eventually, new_experiment, scenario, unique
from served import (
    Original,
    boosted,
    boosted_numbers,
    cairn,
    logged,
    network,
    ours,
    registered,
    skl,
    skl_columns,
    skl_numbers,
    xgboosted,
    xgboosted_numbers,
)

#: Of a probability, and of a number in relation to itself.
TOLERANCE = 1e-5
#: A file is seen, planned, scored and committed beside whatever else the machine does.
DONE_SECONDS_MAX = 60
NOT_IN_MLFLOW = "MLflow's tracking server scores no files"


def registered_as_onnx(original: Original) -> str:
    """The name of a model without any endpoint."""
    new_experiment()
    name = unique("batch").replace(" ", "-")
    registered(name, logged(original))
    return name


def dropped(model: str, file: str, content: bytes) -> None:
    """Puts a file into the folder of a model, and asks for nothing."""
    path = f"/api/v1/batch-inputs/{model}/{urllib.parse.quote(file)}"
    answer = requests.put(os.environ["MLFLOW_TRACKING_URI"] + path, content, headers=credentials(), timeout=60)
    assert answer.ok, answer.text


def uploaded(model: str, file: str, content: bytes) -> str:
    """Sends a file straight to storage by a URL that writes it alone; returns what a job takes as its input."""
    answer = cairn("POST", "/api/v1/batch-uploads", {"model": model, "name": file, "bytes": len(content)})
    equals(answer.status_code, 201)
    place = answer.json()
    assert requests.put(place["url"], content, headers=place["headers"], timeout=60).ok
    return place["input"]


def asked(**body) -> dict:
    """The job that was asked for, when it has succeeded."""
    answer = cairn("POST", "/api/v1/batch-jobs", body)
    assert answer.status_code in (200, 202), answer.text
    return eventually(lambda: succeeded(cairn("GET", answer.headers["Location"]).json()), DONE_SECONDS_MAX)


def succeeded(job: dict) -> dict:
    equals((job["status"], job["error"]), ("succeeded", None))
    return job


def jobs_of(model: str, count: int) -> "dict[str, dict]":
    """The jobs of a model by the names of their files, when all have succeeded."""
    found = cairn("GET", f"/api/v1/batch-jobs?model={model}").json()["jobs"]
    equals(len(found), count)
    return {succeeded(job)["input"]["name"].rsplit("/", 1)[-1]: job for job in found}


def fetched(place: dict) -> bytes:
    answer = requests.get(os.environ["MLFLOW_TRACKING_URI"] + place["url"], headers=credentials(), timeout=60)
    assert answer.ok, answer.text
    return answer.content


def as_parquet(rows: pd.DataFrame, **options) -> bytes:
    file = io.BytesIO()
    rows.to_parquet(file, **options)
    return file.getvalue()


def close(given, expected) -> None:
    difference = np.abs(np.asarray(given, float) - expected) / np.maximum(1, np.abs(expected))
    assert difference.max() <= TOLERANCE, difference.max()


def same_rows(output: pd.DataFrame, rows: pd.DataFrame) -> None:
    """All rows of the input, in their order, in columns of the same types, with the same index."""
    pd.testing.assert_frame_equal(output[list(rows.columns)], rows)


def same_predictions(output: pd.DataFrame, original: Original, rows: pd.DataFrame) -> None:
    if original.labels is None:
        close(output["prediction"], original.says(rows))
        return
    equals(output["prediction"].tolist(), original.predicted(rows))
    close(output["score"], original.says(rows).max(axis=1))


@scenario(peer_defect=NOT_IN_MLFLOW)
def files_dropped_into_the_folder_of_a_model_come_out_with_what_it_says_of_each_row():
    original = skl_columns()
    model = registered_as_onnx(original)
    rows = original.features.assign(note='said "yes",\nthen left', id=np.arange(len(original.features)) + 2**60)
    few, many = rows[rows.visits < 15].astype({"id": "Int64", "note": "string"}), rows[rows.visits >= 15].reset_index(drop=True)
    few.loc[few.index[3], "id"] = pd.NA
    dropped(model, "few visits.parquet", as_parquet(few, row_group_size=50))
    dropped(model, "many visits.csv", many.to_csv(index=False, sep=";").encode("utf-8-sig"))
    jobs = eventually(lambda: jobs_of(model, 2), DONE_SECONDS_MAX)

    parquet = pd.read_parquet(io.BytesIO(fetched(jobs["few visits.parquet"]["output"])))
    csv = pd.read_csv(io.BytesIO(fetched(jobs["many visits.csv"]["output"])), sep=";")
    for output, some in ((parquet, few), (csv, many)):
        same_rows(output, some)
        same_predictions(output, original, some)

    report = cairn("GET", jobs["few visits.parquet"]["report"]).json()
    equals((report["counts"]["rows_read"], report["counts"]["rows_bad"]), (len(parquet), 0))
    profile = {column["name"]: column for column in report["profile"]["input"]}
    equals(profile["age"]["missing"], int(parquet["age"].isna().sum()))
    close(profile["visits"]["mean"], parquet["visits"].mean())
    shares = {each["name"]: each["rows"] for each in report["profile"]["predictions"]["classes"]}
    equals(shares, parquet["prediction"].value_counts().to_dict())


@scenario(peer_defect=NOT_IN_MLFLOW)
def files_sent_straight_to_storage_are_scored_together_as_one_job_asks():
    original = skl_numbers()
    model = registered_as_onnx(original)
    rows = original.features
    texts = rows.astype(object)
    texts.loc[7, "bmi"] = "high"
    sent = [
        uploaded(model, "night/1.jsonl", texts.head(200).to_json(orient="records", lines=True, double_precision=15).encode()),
        uploaded(model, "night/2.parquet", as_parquet(rows.tail(-200).astype("float32"), compression="zstd")),
    ]
    options = {"output": {"format": "parquet", "join": ["bmi", "age"]}, "bad_rows": {"policy": "null", "max_rows": 1}}
    job = asked(model=model, input=sent[0].rsplit("/", 1)[0] + "/", key="tonight", **options)
    equals((job["output"]["rows"], job["output"]["bad"]), (len(rows), 1))

    files = cairn("GET", job["links"]["files"]).json()["files"]
    first, second = (pd.read_parquet(io.BytesIO(fetched(file["output"]))) for file in files)
    expected = original.says(rows)
    expected[7] = np.nan
    equals(list(first.columns), ["bmi", "age", "prediction", "score"])
    numbers = pd.concat([first, second])["prediction"].to_numpy()
    equals(np.flatnonzero(np.isnan(numbers)).tolist(), [7])
    close(np.delete(numbers, 7), np.delete(expected, 7))
    equals(second["bmi"].dtype, np.float32)
    (wrong,) = pd.read_json(io.BytesIO(fetched(files[0]["errors"])), lines=True).to_dict(orient="records")
    equals((wrong["row"], wrong["column"], wrong["value"]), (8, "bmi", "high"))
    # The same again is the same job.
    equals(asked(model=model, input=job["input"]["uri"], key="tonight", **options)["id"], job["id"])


@scenario(peer_defect=NOT_IN_MLFLOW)
def the_example_sends_a_file_and_saves_what_came_out_with_its_errors():
    original = skl_numbers()
    endpoint = registered_as_onnx(original)
    deployment = {"name": "main", "model": endpoint, "version": 1}
    made = cairn("POST", "/api/v1/endpoints", {"name": endpoint, "deployments": [deployment]})
    assert made.ok, made.text
    texts = original.features.head(20).astype(object)
    texts.loc[7, "bmi"] = "high"
    example = pathlib.Path(__file__).parents[3] / "examples" / "score.py"
    with tempfile.TemporaryDirectory() as folder:
        texts.to_csv(f"{folder}/rows.csv", index=False)
        asked = [str(example), "rows.csv", "--endpoint", endpoint, "--options", '{"bad_rows": {"policy": "skip"}}']
        subprocess.run([sys.executable, *asked], cwd=folder, check=True, timeout=DONE_SECONDS_MAX)
        output = pd.read_csv(f"{folder}/scored-rows.csv")
        (wrong,) = pd.read_json(f"{folder}/scored-rows.csv.errors.jsonl", lines=True).to_dict(orient="records")
    close(output["prediction"], np.delete(original.says(original.features.head(20)), 7))
    equals((wrong["row"], wrong["column"], wrong["value"]), (8, "bmi", "high"))


#: How pandas writes a frame, and how it reads one.
FORMATS = {
    "csv": (lambda rows: rows.to_csv(index=False).encode(), pd.read_csv),
    "jsonl": (
        lambda rows: rows.to_json(orient="records", lines=True, double_precision=15).encode(),
        functools.partial(pd.read_json, lines=True, precise_float=True),
    ),
    "parquet": (as_parquet, pd.read_parquet),
}


@scenario(peer_defect=NOT_IN_MLFLOW, long=True)
def every_kind_of_model_scores_every_format_into_another():
    models = [skl, skl_columns, skl_numbers, network, ours]
    if MAJOR >= 3:
        models += [boosted, boosted_numbers, xgboosted, xgboosted_numbers]
    for make in models:
        original = make()
        model = registered_as_onnx(original)
        columns = list(original.features.columns)
        for given, wanted in (("csv", "jsonl"), ("jsonl", "parquet"), ("parquet", "csv")):
            write, read = FORMATS[given][0], FORMATS[wanted][1]
            place = uploaded(model, f"rows.{given}", write(original.features))
            job = asked(model=model, input=place, output={"format": wanted, "probabilities": True})
            output = read(io.BytesIO(fetched(job["output"])))
            equals(list(output.columns[: len(columns)]), columns)
            same_predictions(output, original, original.features)
            if original.labels is not None:
                close(output.iloc[:, len(columns) + 2 :], original.says(original.features))
