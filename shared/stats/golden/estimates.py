"""
Performance without labels, and how far it strays by chance, as NannyML has it: estimates.jsonl for the tests beside it.

pip install nannyml==0.13.1 numpy==1.26.4 pandas==2.3.3 scikit-learn==1.5.2 scipy==1.17.1
"""

import math
import warnings

import numpy as np
import pandas as pd
from nannyml.calibration import _calculate_expected_calibration_error, _get_bin_index_edges
from nannyml.performance_estimation.confidence_based import metrics as cbpe
from nannyml.sampling_error import binary_classification as binary
from nannyml.sampling_error import multiclass_classification as multiclass
from nannyml.sampling_error import regression
from samples import sample, uniform, write

warnings.simplefilter("ignore")
np.random.seed(1)
rows = []
seed = 20_000


def scored(seed, n, classes):
    """Scores per class that add up to about 1, probabilities that rise with them, truth and predictions."""
    raw = [uniform(seed + at, n) for at in range(classes)]
    total = [sum_of([raw[c][row] + .01 for c in range(classes)]) for row in range(n)]
    scores = [[(raw[c][row] + .01) / total[row] for row in range(n)] for c in range(classes)]
    calibrated = [[.1 + .8 * s * s for s in of] for of in scores]
    predicted = [max(range(classes), key=lambda c: scores[c][row]) for row in range(n)]
    draws = uniform(seed + classes, n)
    others = uniform(seed + classes + 1, n)
    truth = [p if u < .7 else math.floor(o * classes) for p, u, o in zip(predicted, draws, others)]
    return scores, calibrated, predicted, truth


def sum_of(values):
    total = 0.0
    for value in values:
        total += value
    return total


def estimates(predicted, calibrated, scores):
    y, p, s = np.array(predicted), np.array(calibrated), np.array(scores)
    return {"accuracy": cbpe.estimate_accuracy(y, p), "precision": cbpe.estimate_precision(y, p),
            "recall": cbpe.estimate_recall(y, p), "specificity": cbpe.estimate_specificity(y, p),
            "f1": cbpe.estimate_f1(y, p), "rocAuc": cbpe.estimate_roc_auc(p, s),
            "averagePrecision": cbpe.estimate_ap(p, s)}


for n in [2, 5, 20, 100, 1000, 5000]:
    for classes in [2, 2, 2, 3, 5]:
        seed += 20
        scores, calibrated, predicted, truth = scored(seed, n, classes)
        used = [1] if classes == 2 else range(classes)
        each = [estimates([int(p == c) for p in predicted], calibrated[c], scores[c]) for c in used]
        row = {"kind": "cbpe", "seed": seed, "n": n, "classes": classes,
               "estimate": {name: np.mean([one[name] for one in each]) for name in each[0]}}
        if classes > 2:
            row["estimate"]["accuracy"] = np.mean([calibrated[p][at] for at, p in enumerate(predicted)])
        chunk = np.zeros(300)
        if n >= 100 and classes == 2:
            y, p, s = (pd.Series(x) for x in (truth, predicted, scores[1]))
            lowest = y[s.idxmin()] if y.mean() <= .5 else 1 - y[s.idxmax()]
            row["errors"] = {
                "accuracy": binary.accuracy_sampling_error(binary.accuracy_sampling_error_components(y, p), chunk),
                "precision": binary.precision_sampling_error(binary.precision_sampling_error_components(y, p), chunk),
                "recall": binary.recall_sampling_error(binary.recall_sampling_error_components(y, p), chunk),
                "specificity": binary.specificity_sampling_error(
                    binary.specificity_sampling_error_components(y, p), chunk),
                "f1": binary.f1_sampling_error(binary.f1_sampling_error_components(y, p), chunk),
                "averagePrecision": binary.ap_sampling_error(binary.ap_sampling_error_components(y, s), chunk)}
            # NannyML leaves a positive row of the lowest score out.
            if lowest == 0:
                row["errors"]["rocAuc"] = binary.auroc_sampling_error(
                    binary.auroc_sampling_error_components(y, s), chunk)
            edges = _get_bin_index_edges(n, 10)
            row["ece"] = _calculate_expected_calibration_error(y.to_numpy(), s.to_numpy(), edges)
        if n >= 100 and classes > 2:
            ys = [pd.Series([int(t == c) for t in truth]) for c in range(classes)]
            ps = [pd.Series([int(t == c) for t in predicted]) for c in range(classes)]
            ss = [pd.Series(of) for of in scores]
            y01, p01 = np.array(ys).T, np.array(ps).T
            row["errors"] = {
                "accuracy": multiclass.accuracy_sampling_error(
                    multiclass.accuracy_sampling_error_components(y01, p01), chunk),
                "precision": multiclass.precision_sampling_error(
                    multiclass.precision_sampling_error_components(ys, ps), chunk),
                "recall": multiclass.recall_sampling_error(multiclass.recall_sampling_error_components(ys, ps), chunk),
                "specificity": multiclass.specificity_sampling_error(
                    multiclass.specificity_sampling_error_components(ys, ps), chunk),
                "f1": multiclass.f1_sampling_error(multiclass.f1_sampling_error_components(ys, ps), chunk)}
            if all(y[s.idxmin()] == 0 for y, s in zip(ys, ss)):
                row["errors"]["rocAuc"] = multiclass.auroc_sampling_error(
                    multiclass.auroc_sampling_error_components(ys, ss), chunk)
        rows.append(row)

for n in [20, 500, 3000]:
    for shape in ["uniform", "skewed", "heavy", "far"]:
        seed += 20
        y = pd.Series(sample(shape, seed, n)) + 1
        p = y + .3 * pd.Series(sample("normal", seed + 1, n))
        chunk = np.zeros(123)
        rows.append({"kind": "regression", "seed": seed, "n": n, "shape": shape, **{
            name: getattr(regression, f"{name}_sampling_error")(
                getattr(regression, f"{name}_sampling_error_components")(y, p), chunk)
            for name in ("mae", "mse", "rmse", "mape")}})

write("estimates.jsonl", {"nannyml": "0.13.1", "numpy": "1.26.4", "pandas": "2.3.3", "scikit-learn": "1.5.2"}, rows)
