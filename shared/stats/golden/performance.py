"""
How good predictions are, how well probabilities are calibrated, as scikit-learn has it: performance.jsonl for the tests
beside it.

pip install scikit-learn==1.9.1 numpy==2.4.6
"""

import math
import warnings

import numpy as np
from samples import sample, uniform, write
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

warnings.simplefilter("ignore")
rows = []
seed = 9000


def labels(seed, n, classes, skill):
    """True and predicted classes; a prediction is right by a chance and else drawn. TypeScript draws the same."""
    draws = [uniform(seed + at, n) for at in range(3)]
    truth = [math.floor(u * u * classes) for u in draws[0]]
    other = [math.floor(u * classes) for u in draws[2]]
    return truth, [t if u < skill else o for t, u, o in zip(truth, draws[1], other)]


def scored(seed, n, skill, grain):
    """Labels and scores between 0 and 1 that rise with them, on a grid of so many steps for ties (0: none)."""
    truth, noise = uniform(seed, n), uniform(seed + 1, n)
    positive = [1 if u < .4 else 0 for u in truth]
    scores = [skill * (.2 + .6 * p) + (1 - skill) * u for p, u in zip(positive, noise)]
    return positive, [math.floor(s * grain) / grain if grain else s for s in scores]


for n in [1, 2, 5, 20, 100, 1000]:
    for classes in [2, 3, 7]:
        for skill in [0, .3, .9, 1]:
            seed += 10
            t, p = labels(seed, n, classes, skill)
            averages = {a: metrics.precision_recall_fscore_support(t, p, average=a, zero_division=0)[:3]
                        for a in ("macro", "weighted")}
            each = metrics.precision_recall_fscore_support(t, p, labels=range(classes), zero_division=0)[:3]
            rows.append({"kind": "classes", "seed": seed, "n": n, "classes": classes, "skill": skill,
                         "matrix": metrics.confusion_matrix(t, p, labels=range(classes)),
                         "accuracy": metrics.accuracy_score(t, p), "each": each, **averages,
                         "mcc": metrics.matthews_corrcoef(t, p),
                         "kappa": metrics.cohen_kappa_score(t, p, labels=range(classes))})

for n in [4, 12, 50, 300, 2000]:
    for skill in [0, .3, .7, .95]:
        for grain in [0, 4, 40]:
            seed += 10
            y, s = scored(seed, n, skill, grain)
            if len(set(y)) < 2:
                continue
            clipped = np.clip(s, .01, .99)
            curves = {}
            for strategy in ("uniform", "quantile"):
                share, mean = calibration_curve(y, s, n_bins=7, strategy=strategy)
                curves[strategy] = [mean, share]
            isotonic = IsotonicRegression(out_of_bounds="clip").fit(s, y)
            points = [-.1, *[at / 23 for at in range(24)], 1.1]
            rows.append({"kind": "scores", "seed": seed, "n": n, "skill": skill, "grain": grain,
                         "auc": metrics.roc_auc_score(y, s), "ap": metrics.average_precision_score(y, s),
                         "brier": metrics.brier_score_loss(y, s), "logLoss": metrics.log_loss(y, clipped),
                         "curves": curves, "points": points, "isotonic": isotonic.predict(points)})

for n in [1, 2, 5, 50, 1000]:
    for shape in ["uniform", "skewed", "heavy", "whole", "normal", "far", "constant"]:
        for noise in [0, .1, 3]:
            seed += 10
            truth = sample(shape, seed, n)
            predicted = [t + noise * e for t, e in zip(truth, sample("normal", seed + 1, n))]
            rows.append({"kind": "numbers", "seed": seed, "n": n, "shape": shape, "noise": noise,
                         "mae": metrics.mean_absolute_error(truth, predicted),
                         "mse": metrics.mean_squared_error(truth, predicted),
                         "rmse": metrics.root_mean_squared_error(truth, predicted),
                         "mape": metrics.mean_absolute_percentage_error(truth, predicted),
                         "r2": metrics.r2_score(truth, predicted),
                         "ev": metrics.explained_variance_score(truth, predicted)})

write("performance.jsonl", {"scikit-learn": "1.9.1", "numpy": "2.4.6"}, rows)
