"""
How far columns are from their reference by the methods of NannyML, and the thresholds that it learns: columns-nannyml.jsonl for
the tests beside it.

pip install nannyml==0.13.1 numpy==1.26.4 pandas==2.3.3 scipy==1.17.1
"""

import warnings

import pandas as pd
from nannyml.chunk import DefaultChunker
from nannyml.drift.univariate.methods import FeatureType, MethodFactory
from nannyml.thresholds import StandardDeviationThreshold
from samples import column_pairs, write

warnings.simplefilter("ignore")
rows = []
for what, reference, current in column_pairs(40_000, [(30, 20), (305, 200), (2000, 700), (12_000, 900)]):
    numeric = what["shape"] != "category"
    kind = FeatureType.CONTINUOUS if numeric else FeatureType.CATEGORICAL
    methods = ["jensen_shannon", "hellinger"]
    methods += ["kolmogorov_smirnov", "wasserstein"] if numeric else ["chi2", "l_infinity"]
    results = {}
    for name in methods:
        method = MethodFactory.create(
            name, kind, chunker=DefaultChunker(),
            threshold=StandardDeviationThreshold(std_lower_multiplier=None, std_upper_multiplier=3))
        method.fit(pd.Series(reference, name="x"))
        value = method.calculate(pd.Series(current, name="x"))
        threshold = .05 if name == "chi2" else method.upper_threshold_value
        results[name] = [value, threshold, bool(method.alert(value))]
    rows.append({"kind": "column" if len(reference) < 10_000 else "large", **what, "results": results})
write("columns-nannyml.jsonl", {"nannyml": "0.13.1", "numpy": "1.26.4", "pandas": "2.3.3", "scipy": "1.17.1"}, rows)
