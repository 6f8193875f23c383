"""Rows to ask both models about: those of the input example, varied; or made up where there is none."""

import json
from dataclasses import dataclass
from typing import Any, Literal, Optional, Union

import numpy as np
import pandas as pd

from failure import CannotConvert
from flavours import Original

#: Examples mostly have five rows, of one class; as many are made from them as to meet the others.
ROWS_MIN = 256
SEED = 20_240_229

NUMERIC = {"double", "float", "long", "integer", "boolean"}
Source = Literal["input-example", "signature", "model"]


@dataclass(frozen=True)
class Rows:
    """`data` is what the original takes: a frame, or an array where it was fitted on one without names."""

    data: Union[pd.DataFrame, np.ndarray]
    source: Source
    #: How many of the first rows are the logged example itself.
    logged: int


def rows_for(original: Original) -> Rows:
    if original.example is not None:
        example = _read_example(original)
        return Rows(_varied(example, ROWS_MIN), "input-example", len(example))
    if original.inputs:
        return Rows(_from_signature(original), "signature", 0)
    names, width = _names(original.model), _width(original.model)
    if names:
        return Rows(pd.DataFrame(_numbers(len(names)), columns=names), "model", 0)
    if width is None:
        raise CannotConvert("The model has neither an input example nor a signature; log it with one of them.")
    return Rows(_numbers(width), "model", 0)


def _read_example(original: Original) -> Union[pd.DataFrame, np.ndarray]:
    assert original.example is not None
    example = json.loads(original.example.read_text())
    if isinstance(example, dict) and "data" in example:
        frame = pd.DataFrame(example["data"], columns=example.get("columns"))
        # A frame without names was an array when it was logged.
        return _typed(frame, original) if "columns" in example else frame.to_numpy()
    if isinstance(example, list) and example and not isinstance(example[0], dict):
        array = np.asarray(example)
        if array.ndim == 1:
            array = array.reshape(1, -1)
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            raise CannotConvert("The input example is no table of numbers.")
        return array.astype(np.float64)
    raise CannotConvert("The input example is neither a table nor an array.")


def _typed(frame: pd.DataFrame, original: Original) -> pd.DataFrame:
    """The columns as the signature has them: JSON does not tell 1 from 1.0."""
    for spec in original.inputs or []:
        name, kind = spec.get("name"), spec.get("type")
        if name in frame.columns and kind in ("double", "float"):
            frame[name] = frame[name].astype(np.float64 if kind == "double" else np.float32)
    return frame


def _varied(example: Union[pd.DataFrame, np.ndarray], rows: int) -> Union[pd.DataFrame, np.ndarray]:
    """The example, then rows whose cells come from any of its rows, decimal numbers up to a third away."""
    rng = np.random.default_rng(SEED)

    def vary(values: Any) -> Any:
        picked = values[rng.integers(0, len(values), rows)]
        return picked * rng.normal(1, 0.3, rows).astype(picked.dtype) if picked.dtype.kind == "f" else picked

    if isinstance(example, np.ndarray):
        return np.concatenate([example, np.stack([vary(column) for column in example.T], axis=1)])
    made = {name: vary(example[name].to_numpy()) for name in example.columns}
    return pd.concat([example, pd.DataFrame(made).astype(example.dtypes)], ignore_index=True)


def _from_signature(original: Original) -> Union[pd.DataFrame, np.ndarray]:
    specs = original.inputs or []
    first = specs[0]
    if first.get("type") == "tensor":
        shape = first["tensor-spec"]["shape"]
        if len(specs) != 1 or len(shape) != 2 or shape[1] < 1:
            raise CannotConvert("The signature is no table of numbers; log the model with an input example.")
        return _numbers(shape[1])
    for spec in specs:
        if spec["type"] not in NUMERIC | {"string"}:
            raise CannotConvert(f"The signature has a column of type {spec['type']}; numbers, booleans and strings can be converted.")
    known = _categories(original.model)
    numbers = _numbers(len(specs))
    names = [spec.get("name") for spec in specs]
    if not all(names):
        return numbers
    return pd.DataFrame({name: _column(spec, numbers[:, at], known) for at, (name, spec) in enumerate(zip(names, specs))})


def _column(spec: "dict[str, Any]", numbers: np.ndarray, known: "dict[Any, np.ndarray]") -> Any:
    rng = np.random.default_rng(SEED)
    if spec["name"] in known:
        return rng.choice(known[spec["name"]], len(numbers))
    match spec["type"]:
        case "double":
            return numbers
        case "float":
            return numbers.astype(np.float32)
        case "long" | "integer":
            return np.abs(numbers).round().astype(np.int64 if spec["type"] == "long" else np.int32)
        case "boolean":
            return numbers > 0
        case _:
            raise CannotConvert(f"Nothing tells what values column '{spec['name']}' takes; log the model with an input example.")


def _numbers(width: int) -> np.ndarray:
    """Numbers small and large, of either sign."""
    rng = np.random.default_rng(SEED)
    scales = rng.choice([0.3, 1, 3, 10], (ROWS_MIN, 1))
    return rng.normal(0, 1, (ROWS_MIN, width)) * scales


def _categories(model: Any) -> "dict[Any, np.ndarray]":
    """The values that fitted encoders know, by the name of their column."""
    found: "dict[Any, np.ndarray]" = {}
    for _, step in getattr(model, "steps", []):
        found |= _categories(step)
    for _, transformer, columns in getattr(model, "transformers_", []):
        steps = [step for _, step in getattr(transformer, "steps", [(None, transformer)])]
        for values in (getattr(step, "categories_", None) for step in steps):
            if values is not None and not isinstance(columns, (str, slice)) and len(values) == len(columns):
                found |= {name: known for name, known in zip(columns, values) if isinstance(name, str)}
    return found


def _names(model: Any) -> "Optional[list[str]]":
    """The names of the columns that a model was fitted on, where it remembers them."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        # Of a booster; in XGBoost a property, in LightGBM a method, which makes up names where there are none.
        names = getattr(model, "feature_names", None) or getattr(model, "feature_name", lambda: None)()
    if names is None or all(name == f"Column_{at}" for at, name in enumerate(names)):
        return None
    return [str(name) for name in names]


def _width(model: Any) -> Optional[int]:
    for count in ("n_features_in_", "num_feature", "num_features"):
        value = getattr(model, count, None)
        if value is not None:
            return int(value() if callable(value) else value)
    return None
