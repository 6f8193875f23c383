"""
Two-sample tests and distances as scipy and statsmodels give them: two-samples.jsonl for the tests beside it.

pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6 mpmath==1.4.1
"""

import numpy as np
from mpmath import ceil, factorial, floor, mp, mpf
from samples import moved, sample, uniform, write
from scipy import stats
from scipy.spatial.distance import jensenshannon
from scipy.stats.contingency import association
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

mp.dps = 60
rows = []

# The one-sample Kolmogorov law over all regions of its methods.
draw = iter(uniform(7, 1000))
for n in [*range(1, 9), 12, 20, 50, 100, 139, 140, 141, 142, 200, 500, 1000, 5000, 20_000, 100_000, 100_001, 500_000,
          1_000_000, 1_000_001, 3_000_000]:
    scaled = [.01, .1, .2, .5, .75, .76, 1, 1.5, 2, 2.19, 2.21, 3, 3.99, 4.01, 6, 10, 17, 18.5, 40, 100, 300, 345]
    ds = [(.5 + next(draw) / 2) / n, 1 / n, .3, .49, .5, .51, .8, 1 - .5 / n, 1 - 1 / n]
    ds += [(c / n) ** .5 for c in scaled] + [(f * 1.4 / n) ** (2 / 3) for f in (.3, .99, 1.01)]
    rows += [{"kind": "kolmogorov", "n": n, "d": d, "p": p} for d in ds
             if 0 < d < 1 and ((p := stats.kstwo.sf(d, n)) > 1e-290 or p == 0)]


def kolmogorov_exact(n, d):
    """P(D >= d) to 60 digits: a Poisson process that stays between two lines, conditioned on its count."""
    t = mpf(n) * mpf(d)
    times = sorted({s for k in range(-n, 2 * n) for s in (k + t, k - t) if 0 < s < n}) + [mpf(n)]
    paths, past = {0: mpf(1)}, mpf(0)
    for time in times:
        low, high = (n, n) if time == n else (max(int(floor(time - t)) + 1, 0), min(int(ceil(time + t)) - 1, n))
        paths = {j: sum(v * (time - past) ** (j - k) / factorial(j - k) for k, v in paths.items() if k <= j)
                 for j in range(low, high + 1)}
        past = time
    return 1 - paths[n] * factorial(n) / mpf(n) ** n


for n, d in [(3, .4), (10, .21), (20, .1), (20, .447), (50, .13), (50, .27), (100, .2), (140, .07), (140, .168)]:
    rows.append({"kind": "kolmogorov-exact", "n": n, "d": d, "p": float(kolmogorov_exact(n, d))})

# Kolmogorov and Smirnov, Wasserstein: samples of every shape, moved by little and by much.
shapes = ["uniform", "skewed", "heavy", "whole", "few", "two", "far", "normal", "constant"]
sizes = [(1, 1), (1, 7), (2, 3), (5, 5), (8, 12), (30, 20), (64, 64), (100, 110), (500, 400), (1500, 1501), (2000, 300)]
seed = 100
for m, n in sizes:
    for shape in shapes:
        for scale, shift in [(1, 0), (1, .05), (1.5, 1)]:
            seed += 2
            a, b = sample(shape, seed, m), moved(sample(shape, seed + 1, n), scale, shift)
            exact, asymptotic = stats.ks_2samp(a, b, method="exact"), stats.ks_2samp(a, b, method="asymp")
            rows.append({"kind": "samples", "shape": shape, "seed": seed, "m": m, "n": n, "scale": scale,
                         "shift": shift, "d": exact.statistic, "exact": exact.pvalue, "asymptotic": asymptotic.pvalue,
                         "wasserstein": stats.wasserstein_distance(a, b)})
for m, n in [(10_000, 10_000), (10_000, 9999), (20_000, 30_000), (60_000, 50_001)]:
    seed += 2
    a, b = sample("skewed", seed, m), moved(sample("skewed", seed + 1, n), 1, .02)
    auto = stats.ks_2samp(a, b)
    rows.append({"kind": "auto", "shape": "skewed", "seed": seed, "m": m, "n": n, "scale": 1, "shift": .02,
                 "d": auto.statistic, "p": auto.pvalue, "wasserstein": stats.wasserstein_distance(a, b)})


# Counts over 1 to 12 categories, with zeros and without.
def counts(seed, k, top):
    return [int(u * top) for u in uniform(seed, k)]


def bias_corrected(phi2, n, k):
    phi = max(0, phi2 - (k - 1) / (n - 1))
    short, wide = 2 - 1 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    return (phi / min(short - 1, wide - 1)) ** .5


for k in [2, 2, 2, 3, 4, 5, 8, 12]:
    for top in [2, 6, 40, 1000, 300_000]:
        for factor in [1, 3]:
            seed += 2
            r, c = counts(seed, k, top), [factor * each for each in counts(seed + 1, k, top)]
            kept = [(x, y) for x, y in zip(r, c) if x + y > 0]
            if sum(r) == 0 or sum(c) == 0 or len(kept) < 2:
                continue
            table = np.array(kept).T
            yates, plain = stats.chi2_contingency(table), stats.chi2_contingency(table, correction=False)
            p, q = np.array(r) / sum(r), np.array(c) / sum(c)
            row = {"kind": "counts", "r": r, "c": c, "yates": [yates.statistic, yates.dof, yates.pvalue],
                   "plain": [plain.statistic, plain.dof, plain.pvalue],
                   "v": association(table, "cramer"),
                   "vBiasCorrected": bias_corrected(plain.statistic / table.sum(), table.sum(), len(kept)),
                   "jsE": jensenshannon(p, q), "js2": jensenshannon(p, q, base=2),
                   "kl": stats.entropy(p, q), "hellinger": np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2),
                   "lInfinity": np.max(np.abs(p - q))}
            if all(x > 0 for x, _ in kept):
                expected = table[0] * (sum(c) / sum(r))
                fit = stats.chisquare(table[1], expected)
                row["fit"] = [fit.statistic, fit.pvalue]
            rows.append(row)

# Two proportions, into the far tail.
for x, m, y, n in [(70, 100, 55, 100), (1, 10, 9, 10), (0, 10, 5, 10), (3, 7, 3, 7), (500, 1000, 480, 900),
                   (1, 1, 0, 1), (400, 1000, 600, 1000), (10, 1000, 900, 1000), (499_000, 1_000_000, 500_000, 1_000_000)]:
    z, p = proportions_ztest([x, y], [m, n])
    rows.append({"kind": "proportions", "x": x, "m": m, "y": y, "n": n, "z": z, "p": p})

# Benjamini and Hochberg.
for k in [1, 2, 5, 20, 100]:
    for power in [1, 3]:
        seed += 1
        p = [u ** power for u in uniform(seed, k)]
        rejected, adjusted, _, _ = multipletests(p, .1, "fdr_bh")
        rows.append({"kind": "multiple", "p": p, "q": .1, "rejected": rejected, "adjusted": adjusted})

write("two-samples.jsonl", {"scipy": "1.17.1", "statsmodels": "0.15.0", "numpy": "2.4.6", "mpmath": "1.4.1"}, rows)
