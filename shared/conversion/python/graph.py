"""The ONNX graph of a model: one float table in where its columns are numbers, else an input per column."""

import json
from typing import Any, Callable, Literal, Optional, Union

import numpy as np
import onnx
import pandas as pd
import skl2onnx
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as OnnxmlFloat
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, StringTensorType

from failure import CannotConvert

#: What every ONNX Runtime of the last years reads.
OPSETS = {"": 17, "ai.onnx.ml": 3}

Data = Union[pd.DataFrame, np.ndarray]


#: The type of the numbers that go in. Trees behind a scaler may need the wider one to meet the same thresholds.
Precision = Literal["float32", "float64"]


def to_onnx(model: Any, data: Data, precision: Precision = "float32") -> onnx.ModelProto:
    """The model as ONNX, without ZipMap, with `cairn.features` and `cairn.labels` where it has them."""
    labels = labels_of(model)
    features = [str(name) for name in data.columns] if isinstance(data, pd.DataFrame) else None
    graph, is_table = _graph(model, data, precision)
    if not is_table and features:
        _name_inputs(graph, features)
    _trim(graph, model)
    _free_rows(graph)
    _merge_opsets(graph)
    if precision == "float64":
        _narrow_trees(graph)
    if is_table and features:
        _note(graph, "cairn.features", features)
    if labels:
        _note(graph, "cairn.labels", labels)
    onnx.checker.check_model(graph)
    return graph


def feeds(graph: onnx.ModelProto, data: Data) -> "dict[str, np.ndarray]":
    """Rows as the graph takes them."""
    ports = graph.graph.input
    shapes = [len(port.type.tensor_type.shape.dim) == 2 and port.type.tensor_type.shape.dim[1].dim_value for port in ports]
    if len(ports) == 1 and shapes[0] == data.shape[1]:
        return {ports[0].name: np.asarray(data).astype(_dtype(ports[0]))}
    assert isinstance(data, pd.DataFrame)
    return {port.name: data[name].to_numpy().astype(_dtype(port)).reshape(-1, 1) for port, name in zip(ports, data.columns, strict=True)}


def _dtype(port: onnx.ValueInfoProto) -> Any:
    kinds = {onnx.TensorProto.STRING: object, onnx.TensorProto.BOOL: np.bool_, onnx.TensorProto.DOUBLE: np.float64}
    return kinds.get(port.type.tensor_type.elem_type, np.float32)


def labels_of(model: Any) -> "Optional[list[str]]":
    """The classes of a classifier in the order of its probabilities, as its predictions name them."""
    classes = getattr(model, "classes_", None) if is_classifier(model) else None
    if classes is None:
        count = booster_classes(model)
        return None if count is None else [str(at) for at in range(count)]
    if isinstance(classes, list):
        raise CannotConvert("The model predicts several targets at once; convert one model per target.")
    return [label(value) for value in classes]


def label(value: Any) -> str:
    """A class as its name. ONNX has whole numbers for classes that are truth values or decimal numbers."""
    if isinstance(value, (bool, np.bool_)) or isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def is_classifier(model: Any) -> bool:
    return hasattr(model, "classes_") and hasattr(model, "predict") or booster_classes(model) is not None


def booster_classes(model: Any) -> Optional[int]:
    """How many classes a bare booster of XGBoost or LightGBM tells apart; `None` where it predicts numbers."""
    if _is(model, "xgboost.core.Booster"):
        learner = json.loads(model.save_config())["learner"]
        objective = learner["objective"]["name"]
        count = int(learner["learner_model_param"]["num_class"])
    elif _is(model, "lightgbm.basic.Booster"):
        text = model.model_to_string(num_iteration=1)
        objective = next((line.split("=", 1)[1].split()[0] for line in text.splitlines() if line.startswith("objective=")), "")
        count = model.num_model_per_iteration()
    else:
        return None
    if objective.startswith("binary"):
        return 2
    return count if objective.startswith("multi") else None


def _graph(model: Any, data: Data, precision: Precision) -> "tuple[onnx.ModelProto, bool]":
    """The graph, and whether it takes one table."""
    convert = _converter(model)
    numeric = isinstance(data, np.ndarray) or all(dtype.kind in "fiub" for dtype in data.dtypes)
    if numeric and not _picks_by_name(model):
        return convert(model, None, data.shape[1], precision), True
    if isinstance(data, np.ndarray):
        raise CannotConvert("The model picks columns by name, but its signature and example have none.")
    return convert(model, data, data.shape[1], precision), False


Converter = Callable[[Any, Optional[pd.DataFrame], int, Precision], onnx.ModelProto]


def _converter(model: Any) -> Converter:
    if _package(model) == "xgboost":
        return _xgboost
    if _package(model) == "lightgbm":
        return _lightgbm
    return _sklearn


def _xgboost(model: Any, columns: Optional[pd.DataFrame], width: int, precision: Precision) -> onnx.ModelProto:
    booster = model if _is(model, "xgboost.core.Booster") else model.get_booster()
    # The converter knows features by their position alone.
    booster.feature_names = None
    return convert_xgboost(model, initial_types=[("input", OnnxmlFloat([None, width]))])


def _lightgbm(model: Any, columns: Optional[pd.DataFrame], width: int, precision: Precision) -> onnx.ModelProto:
    return convert_lightgbm(model, initial_types=[("input", OnnxmlFloat([None, width]))], zipmap=False)


def _sklearn(model: Any, columns: Optional[pd.DataFrame], width: int, precision: Precision) -> onnx.ModelProto:
    _know_boosters()
    number = FloatTensorType if precision == "float32" else DoubleTensorType
    types = [("input", number([None, width]))] if columns is None else [_port(columns, name, number) for name in columns.columns]
    _ease(model)
    convert = lambda options: skl2onnx.to_onnx(model, initial_types=types, options=options, target_opset=OPSETS)  # noqa: E731
    if not is_classifier(model):
        return convert(None)
    try:
        return convert({"zipmap": False})
    except NameError:
        # A classifier without probabilities has no such option.
        return convert(None)


def _port(columns: pd.DataFrame, name: Any, number: Any) -> "tuple[str, Any]":
    kind = columns[name].dtype.kind
    if kind == "b":
        return str(name), BooleanTensorType([None, 1])
    return str(name), number([None, 1]) if kind in "fiu" else StringTensorType([None, 1])


def _ease(model: Any) -> None:
    """Changes what the converter stumbles over and predictions do not depend on."""
    for step in [model, *(step for _, step in getattr(model, "steps", []))]:
        if getattr(step, "flatten_transform", False):
            step.flatten_transform = False


def _know_boosters() -> None:
    """Lets a pipeline end in an estimator of XGBoost or LightGBM."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm as lightgbm_node
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost as xgboost_node
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes as classifier,
        calculate_linear_regressor_output_shapes as regressor,
    )
    from xgboost import XGBClassifier, XGBRegressor

    choices = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    add = skl2onnx.update_registered_converter
    add(XGBClassifier, "XGBoostXGBClassifier", classifier, xgboost_node, options=choices)
    add(XGBRegressor, "XGBoostXGBRegressor", regressor, xgboost_node)
    add(LGBMClassifier, "LightGbmLGBMClassifier", classifier, lightgbm_node, options=choices)
    add(LGBMRegressor, "LightGbmLGBMRegressor", regressor, lightgbm_node, options={"split": None})


def _picks_by_name(model: Any) -> bool:
    """Whether a step takes columns by their names, which a table of one tensor does not have."""
    steps = [step for _, step in getattr(model, "steps", [])]
    if any(_picks_by_name(step) for step in steps):
        return True
    for _, transformer, columns in getattr(model, "transformers_", []):
        wanted = [columns] if isinstance(columns, str) else columns
        if not isinstance(wanted, slice) and any(isinstance(column, str) for column in wanted):
            return True
        if not isinstance(transformer, str) and _picks_by_name(transformer):
            return True
    return False


def _trim(graph: onnx.ModelProto, model: Any) -> None:
    """Keeps what serving answers with: a class and its probabilities, or the prediction alone."""
    keep = 2 if is_classifier(model) and (hasattr(model, "predict_proba") or booster_classes(model) is not None) else 1
    del graph.graph.output[keep:]


def _name_inputs(graph: onnx.ModelProto, names: "list[str]") -> None:
    """Gives the inputs the names of their columns, of which the converter keeps letters and digits alone."""
    inputs = graph.graph.input
    if len(inputs) != len(names):
        raise CannotConvert(f"The model has {len(names)} columns, its ONNX {len(inputs)} inputs.")
    renamed = {port.name: name for port, name in zip(inputs, names)}
    for port in inputs:
        port.name = renamed[port.name]
    for node in graph.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]


def _narrow_trees(graph: onnx.ModelProto) -> None:
    """Gives trees with float32 thresholds float32 numbers to compare, as their libraries do, and says that they answer so."""
    outputs = {port.name: port.type.tensor_type for port in graph.graph.output}
    nodes = list(graph.graph.node)
    del graph.graph.node[:]
    for node in nodes:
        if node.op_type.startswith("TreeEnsemble") and not any(a.name.endswith("_as_tensor") for a in node.attribute):
            narrow = f"{node.input[0]} as float32"
            graph.graph.node.append(onnx.helper.make_node("Cast", [node.input[0]], [narrow], to=onnx.TensorProto.FLOAT))
            node.input[0] = narrow
            if node.output[-1] in outputs:
                outputs[node.output[-1]].elem_type = onnx.TensorProto.FLOAT
        graph.graph.node.append(node)


def _merge_opsets(graph: onnx.ModelProto) -> None:
    """Names each operator set once, in its newest version."""
    newest: "dict[str, int]" = {}
    for opset in graph.opset_import:
        newest[opset.domain] = max(newest.get(opset.domain, 0), opset.version)
    del graph.opset_import[:]
    graph.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in newest.items())


def _free_rows(graph: onnx.ModelProto) -> None:
    """Makes the number of rows free on every side; some converters say 1."""
    for port in [*graph.graph.input, *graph.graph.output]:
        shape = port.type.tensor_type.shape
        if shape.dim:
            shape.dim[0].dim_param = "rows"


def _note(graph: onnx.ModelProto, key: str, names: "list[str]") -> None:
    entry = graph.metadata_props.add()
    entry.key, entry.value = key, json.dumps(names)


def _package(model: Any) -> str:
    return type(model).__module__.split(".")[0]


def _is(model: Any, name: str) -> bool:
    return f"{type(model).__module__}.{type(model).__qualname__}" == name
