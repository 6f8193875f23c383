"""Whether the ONNX says what the original says."""

import os
from dataclasses import dataclass
from typing import Any, Optional

# It tells its makers of each model else, and is asked before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnx
import onnxruntime
import pandas as pd

from failure import CannotConvert
from graph import Data, Precision, booster_classes, feeds, is_classifier, label, labels_of, to_onnx
from rows import Rows

#: Of a probability, and of a value up to 1; relative to a larger value, of which float32 keeps seven digits.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Answers:
    """What a model says of some rows: labels, and probabilities [rows, classes] or values [rows]; or values alone."""

    labels: "Optional[list[str]]"
    numbers: Optional[np.ndarray]


def same_onnx(model: Any, sample: Rows) -> "tuple[onnx.ModelProto, float, int]":
    """The model as an ONNX that answers as it does, the largest difference, and of how many rows. Raises where there is none."""
    labels_of(model)  # Raises for a model of several targets.
    data, answers = _decided(sample, original_answers(model, sample.data))

    def compared(precision: Precision) -> "tuple[onnx.ModelProto, float, int]":
        graph = to_onnx(model, data, precision)
        return graph, largest_difference(answers, onnx_answers(graph, data), data), len(data)

    try:
        return compared("float32")
    except CannotConvert as refused:
        try:
            return compared("float64")
        except Exception:
            raise refused from None


def _decided(sample: Rows, answers: Answers) -> "tuple[Data, Answers]":
    """Without the rows made up here on which the model is torn between two classes, so that rounding decides."""
    labels, numbers = answers.labels, answers.numbers
    if labels is None or numbers is None or numbers.shape[1] < 2:
        return sample.data, answers
    ordered = np.sort(numbers, axis=1)
    keep = (np.arange(len(labels)) < sample.logged) | (ordered[:, -1] - ordered[:, -2] > TOLERANCE)
    if not keep.any():
        return sample.data, answers
    data = sample.data[keep] if isinstance(sample.data, np.ndarray) else sample.data[keep].reset_index(drop=True)
    return data, Answers([label for label, kept in zip(labels, keep) if kept], numbers[keep])


def original_answers(model: Any, data: Data) -> Answers:
    """What the model itself predicts. It is asked before it is converted, which may change it."""
    try:
        return _answers(model, data)
    except CannotConvert:
        raise
    except Exception as error:
        raise CannotConvert(f"The model refuses its own rows: {type(error).__name__}: {error}") from error


def _answers(model: Any, data: Data) -> Answers:
    count = booster_classes(model)
    if count is not None or type(model).__qualname__ == "Booster":
        return _booster_answers(np.asarray(_predicted(model, data), dtype=np.float64), count)
    if not hasattr(model, "predict"):
        raise CannotConvert(f"A {type(model).__name__} predicts nothing.")
    predicted = np.asarray(model.predict(data))
    if not is_classifier(model):
        return Answers(None, predicted.astype(np.float64))
    probabilities = np.asarray(model.predict_proba(data)) if hasattr(model, "predict_proba") else None
    return Answers([label(value) for value in predicted.ravel()], probabilities)


def _predicted(booster: Any, data: Data) -> Any:
    if type(booster).__module__.startswith("lightgbm"):
        return booster.predict(data)
    import xgboost

    table = np.asarray(data, dtype=np.float64)
    return booster.predict(xgboost.DMatrix(table, feature_names=booster.feature_names))


def _booster_answers(predicted: np.ndarray, classes: Optional[int]) -> Answers:
    if classes is None:
        return Answers(None, predicted)
    if predicted.ndim == 2:
        return Answers([str(at) for at in predicted.argmax(axis=1)], predicted)
    if classes == 2:
        return Answers([str(int(p > 0.5)) for p in predicted], np.stack([1 - predicted, predicted], axis=1))
    return Answers([label(value) for value in predicted], None)


def onnx_answers(graph: onnx.ModelProto, data: Data) -> Answers:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds(graph, data))
    first = np.asarray(outputs[0])
    has_labels = first.dtype.kind in "OUSib" and any(p.key == "cairn.labels" for p in graph.metadata_props)
    if not has_labels:
        return Answers(None, first.astype(np.float64))
    return Answers([label(value) for value in first.ravel()], np.asarray(outputs[1]) if len(outputs) > 1 else None)


def largest_difference(original: Answers, converted: Answers, data: Data) -> float:
    """The largest difference of two numbers, of those over 1 as a share of them. Raises where labels or numbers differ, with the row."""
    if original.labels is not None:
        if converted.labels is None:
            raise CannotConvert("The ONNX gives no labels.")
        for row, (theirs, ours) in enumerate(zip(original.labels, converted.labels, strict=True)):
            if theirs != ours:
                raise CannotConvert(f"The ONNX says '{ours}' where the model says '{theirs}', for {_shown(data, row)}.")
    if original.numbers is None or (converted.numbers is None and original.labels is not None):
        return 0.0
    theirs, ours = original.numbers, converted.numbers
    if theirs.shape != ours.shape:
        theirs, ours = (numbers.reshape(len(data), -1) for numbers in (theirs, ours))
    if theirs.shape != ours.shape:
        raise CannotConvert(f"The ONNX gives numbers of shape {list(ours.shape)} where the model gives {list(theirs.shape)}.")
    same = (theirs == ours) | (np.isnan(theirs) & np.isnan(ours))
    difference = np.where(same, 0.0, np.abs(theirs - ours))
    scaled = np.where(np.isnan(difference), np.inf, difference / np.maximum(1, np.abs(theirs))).reshape(len(data), -1)
    worst = int(scaled.max(axis=1).argmax())
    if scaled.max() > TOLERANCE:
        raise CannotConvert(f"The ONNX differs from the model by {scaled.max():.6g}, more than {TOLERANCE:g}: largest for {_shown(data, worst)}.")
    return float(scaled.max())


def _shown(data: Data, row: int) -> str:
    values = data.iloc[row].to_dict() if isinstance(data, pd.DataFrame) else data[row].tolist()
    return f"row {row}: {str(values)[:500]}"
