"""The script that would be written instead of a batch job: a CSV through a model into a CSV, on one core."""

import json
import resource
import sys

import numpy as np
import onnxruntime
import pandas as pd

model, source, target = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name


def seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


before = seconds()
rows = 0
for frame in pd.read_csv(source, chunksize=100_000):
    features = frame.drop(columns="id").to_numpy(np.float32)
    labels, probabilities = session.run(None, {name: features})
    scored = frame.assign(prediction=labels, score=probabilities.max(axis=1))
    scored.to_csv(target, mode="w" if rows == 0 else "a", header=rows == 0, index=False)
    rows += len(frame)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": rows, "coreSeconds": seconds() - before, "peakMb": peak}))
