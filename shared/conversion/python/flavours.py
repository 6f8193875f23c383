"""Models as MLflow's flavours store them. Reading one runs code that the model brings along."""

import importlib
import pickle
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional

import yaml

from failure import CannotConvert

#: The flavours that are read here, and the package that wrote each.
PACKAGES = {"sklearn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm"}
VERSION_KEYS = {"sklearn": "sklearn_version", "xgboost": "xgb_version", "lightgbm": "lgb_version"}


@dataclass
class Original:
    """A model as it was logged."""

    flavour: str
    model: Any
    #: Column or tensor specs of MLflow's signature, and the input example; `None` where none was logged.
    inputs: "Optional[list[dict[str, Any]]]"
    example: Optional[Path]
    warnings: "list[str]" = field(default_factory=list)


def load(folder: Path) -> Original:
    """The model of a folder that has an `MLmodel` file."""
    description = folder / "MLmodel"
    if not description.is_file():
        raise CannotConvert("The version has no MLmodel file, which says what its files are.")
    mlmodel = yaml.safe_load(description.read_text())
    flavours: Mapping[str, Any] = mlmodel.get("flavors") or {}
    flavour = next((name for name in PACKAGES if name in flavours), None)
    if flavour is None:
        raise CannotConvert(f"Of the flavours {', '.join(flavours)} none is {', '.join(PACKAGES)}.")
    config = flavours[flavour]
    told = [w] if (w := _version_warning(flavour, config)) else []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = _READERS[flavour](folder, config)
    told += sorted({f"{w.category.__name__}: {str(w.message).splitlines()[0][:300]}" for w in caught if w.category is not DeprecationWarning})
    inputs = (mlmodel.get("signature") or {}).get("inputs")
    example = (mlmodel.get("saved_input_example_info") or {}).get("artifact_path")
    return Original(
        flavour=flavour,
        model=model,
        inputs=yaml.safe_load(inputs) if inputs else None,
        example=folder / example if example and (folder / example).is_file() else None,
        warnings=told,
    )


def _version_warning(flavour: str, config: Mapping[str, Any]) -> Optional[str]:
    logged = str(config.get(VERSION_KEYS[flavour]) or "unknown")
    here = importlib.import_module(PACKAGES[flavour]).__version__
    return None if logged == here else f"The model was logged with {flavour} {logged} and read with {here}."


def _read_sklearn(folder: Path, config: Mapping[str, Any]) -> Any:
    return _unpickled(folder / config["pickled_model"], config)


def _read_xgboost(folder: Path, config: Mapping[str, Any]) -> Any:
    model = _instance("xgboost", config.get("model_class") or "xgboost.core.Booster")
    model.load_model(folder / config["data"])
    return model


def _read_lightgbm(folder: Path, config: Mapping[str, Any]) -> Any:
    if (config.get("model_class") or "lightgbm.basic.Booster") != "lightgbm.basic.Booster":
        return _unpickled(folder / config["data"], config)
    import lightgbm

    return lightgbm.Booster(model_file=str(folder / config["data"]))


_READERS = {"sklearn": _read_sklearn, "xgboost": _read_xgboost, "lightgbm": _read_lightgbm}


def _unpickled(path: Path, config: Mapping[str, Any]) -> Any:
    if path.suffix == ".skops" or config.get("serialization_format") == "skops":
        import skops.io

        # As MLflow does: the model itself names the types to trust, so this is no safer than a pickle.
        return skops.io.load(path, trusted=config.get("skops_trusted_types"))
    # What cloudpickle writes, pickle reads, where cloudpickle is installed.
    with open(path, "rb") as file:
        try:
            return pickle.load(file)
        except ModuleNotFoundError as error:
            raise CannotConvert(f"The model needs the package '{error.name}', which the converter does not have.") from error


def _instance(package: str, name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    if module.split(".")[0] != package:
        raise CannotConvert(f"The model's class '{name}' is none of {package}.")
    return getattr(importlib.import_module(module), attribute)()
