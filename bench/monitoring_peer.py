"""Drift of every column of the raw rows: Evidently's preset where it is installed, else the tests it chooses, by scipy."""

import importlib.util
import json
import resource
import sys

import numpy as np
import pandas as pd

reference, current, features = sys.argv[1], sys.argv[2], int(sys.argv[3])
names = [f"feature_{at}" for at in range(features)]
if importlib.util.find_spec("evidently"):
    from evidently import Dataset, Report, __version__
    from evidently.presets import DataDriftPreset

    peer = f"Evidently {__version__}"
else:
    from scipy.stats import ks_2samp, wasserstein_distance

    peer = "scipy (Kolmogorov-Smirnov and Wasserstein; Evidently comes by make bench-peers)"


def seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def read(path: str) -> pd.DataFrame:
    return pd.DataFrame(np.fromfile(path, np.float32).reshape(-1, features), columns=names)


before = seconds()
frames = read(current), read(reference)
if peer.startswith("Evidently"):
    datasets = [Dataset.from_pandas(frame) for frame in frames]
    Report([DataDriftPreset()]).run(*datasets).dict()
else:
    for name in names:
        now, then = (frame[name].to_numpy(np.float64) for frame in frames)
        ks_2samp(then, now, method="asymp")
        wasserstein_distance(then, now)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"name": peer, "seconds": seconds() - before, "peakMb": peak}))
