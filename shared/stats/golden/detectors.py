"""
What river's drift detectors say of streams, value by value: detectors.jsonl for the tests beside it.

pip install river==0.26.1 numpy==2.4.6
"""

import hashlib
import json

from river.drift import ADWIN, PageHinkley
from river.drift.binary import DDM, EDDM
from samples import sample, uniform, write


def stream(parts, seed):
    """Parts (shape, values, scale, shift) one after the other; of the shape 'errors' a value is 1 by a chance."""
    values = []
    for at, (shape, n, scale, shift) in enumerate(parts):
        if shape == "errors":
            values += [1.0 if u < scale else 0.0 for u in uniform(seed + at, n)]
        else:
            values += [value * scale + shift for value in sample(shape, seed + at, n)]
    return values


def trace(detector, values, look, every=97):
    """Where it warned and found drift (from 0), and what it knows after every 97th value and the last."""
    warnings, drifts, known = [], [], []
    for at, value in enumerate(values):
        detector.update(value)
        # EDDM keeps its warning where it finds drift.
        if detector.drift_detected:
            drifts.append(at)
        elif getattr(detector, "warning_detected", False):
            warnings.append(at)
        if at % every == 0 or at == len(values) - 1:
            known.append(look(detector))
    # Thousands of places of warnings are told by their digest.
    digest = hashlib.sha256(json.dumps(warnings, separators=(",", ":")).encode()).hexdigest()[:16]
    return {"warnings": len(warnings), "digest": digest, "drifts": drifts, "known": known}


numbers = [
    [("uniform", 1000, 1, 0), ("uniform", 1000, 1, .5)],
    [("uniform", 1500, 1, 0)],
    [("normal", 800, 1, 0), ("normal", 800, 1, 3), ("normal", 800, 3, -2)],
    [("skewed", 2000, 1, 0), ("skewed", 2000, 1.2, 0)],
    [("heavy", 3000, 1, 0), ("heavy", 1000, 1, 20)],
    [("errors", 2000, .1, 0), ("errors", 2000, .3, 0), ("errors", 2000, .05, 0)],
    [("constant", 500, 1, 0), ("constant", 500, 1, 1)],
    [("far", 700, 1, 0), ("far", 700, 1, 1)],
    [("whole", 5, 1, 0)],
]
errors = [
    [("errors", 1000, .1, 0), ("errors", 1000, .4, 0)],
    [("errors", 3000, .2, 0)],
    [("errors", 500, .5, 0), ("errors", 500, .1, 0), ("errors", 1000, .6, 0)],
    [("errors", 2000, .01, 0), ("errors", 500, .08, 0)],
    [("errors", 200, 0, 0), ("errors", 200, 1, 0)],
    [("errors", 200, 1, 0)],
    [("errors", 4000, .3, 0), ("errors", 1000, .33, 0), ("errors", 1000, .4, 0)],
]

rows = []
seed = 5000


def record(kind, river, streams, settings, look):
    global seed
    for parts in streams:
        for options in settings:
            seed += 10
            values = stream(parts, seed)
            rows.append({"kind": kind, "seed": seed, "parts": parts, "settings": options,
                         **trace(river(options), values, look)})


record("adwin", lambda o: ADWIN(delta=o.get("delta", .002), clock=o.get("clock", 32),
                                max_buckets=o.get("bucketsMax", 5), min_window_length=o.get("partMin", 5),
                                grace_period=o.get("rowsMin", 10)),
       numbers, [{}, {"delta": .1}, {"clock": 1}, {"bucketsMax": 3, "partMin": 20, "clock": 8, "rowsMin": 60}],
       lambda d: [d.width, d.total, d.variance])
record("page-hinkley", lambda o: PageHinkley(min_instances=o.get("rowsMin", 30), delta=o.get("delta", .005),
                                             threshold=o.get("threshold", 50), alpha=o.get("alpha", .9999),
                                             mode=o.get("mode", "both")),
       numbers, [{}, {"threshold": 5}, {"threshold": 10, "mode": "up"},
                 {"threshold": 10, "mode": "down", "alpha": .99, "delta": .05, "rowsMin": 5}],
       lambda d: [d._x_mean.n, d._x_mean.get(), d._sum_increase, d._sum_decrease])
record("ddm", lambda o: DDM(o.get("rowsMin", 30), o.get("warning", 2), o.get("drift", 3)),
       errors, [{}, {"rowsMin": 100, "warning": 1.5, "drift": 2.5}], lambda d: [d._p.n, d._p.get()])
record("eddm", lambda o: EDDM(o.get("errorsMin", 30), o.get("warning", .95), o.get("drift", .9)),
       errors, [{}, {"errorsMin": 10, "warning": .98, "drift": .93}],
       lambda d: [d._n, d._n_errors, d._error_distances.mean.get(), d._p2s_prime_max])

write("detectors.jsonl", {"river": "0.26.1", "numpy": "2.4.6"}, rows)
