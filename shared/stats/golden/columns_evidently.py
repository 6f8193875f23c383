"""
What Evidently says of columns, by its default tests and by others: columns-evidently.jsonl for the tests beside it.

pip install evidently==0.7.23 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
"""

import warnings

import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from samples import column_pairs, write

warnings.simplefilter("ignore")
rows = []
for what, reference, current in column_pairs(30_000, [(1, 1), (30, 20), (300, 200), (1000, 400), (1001, 1500)]):
    kind = ColumnType.Categorical if what["shape"] == "category" else ColumnType.Numerical
    results = {}
    for test in [None, "psi", "jensenshannon", "kl_div", "hellinger", "chisquare", "z", "ks", "wasserstein"]:
        numeric = kind == ColumnType.Numerical
        if test in ("ks", "wasserstein") and not numeric:
            continue
        # Evidently knows these of numbers only where they are its default.
        if test in ("chisquare", "z") and numeric:
            continue
        if test == "z" and len(set(reference + current)) > 2:
            continue
        a, b = pd.Series(reference), pd.Series(current)
        stat = get_stattest(a, b, kind, test)
        found = stat(a, b, kind, threshold=None)
        results[test or "default"] = [stat.name, found.drift_score, found.drifted, found.actual_threshold]
    rows.append({"kind": "column", **what, "results": results})
write("columns-evidently.jsonl", {"evidently": "0.7.23", "scipy": "1.17.1", "numpy": "2.4.6", "pandas": "2.3.3"}, rows)
