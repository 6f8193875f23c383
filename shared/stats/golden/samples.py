"""Samples that Python and TypeScript build alike, and how golden files are written. testing.ts has the same samples."""

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np


def xoshiro128(state):
    """Whole numbers in [0, 2^32) of the generator xoshiro128**, as random.ts gives them."""
    a, b, c, d = state
    mask = 0xFFFFFFFF

    def rotated(value, bits):
        return ((value << bits) | (value >> (32 - bits))) & mask

    while True:
        yield (rotated((b * 5) & mask, 7) * 9) & mask
        shifted = (b << 9) & mask
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = rotated(d, 11)


def uniform(seed, n):
    """n numbers in [0, 1): exact in a double, since only divided by 2^32."""
    source = xoshiro128([seed, 2, 3, 4])
    for _ in range(16):
        next(source)
    return [next(source) / 2**32 for _ in range(n)]


def sample(shape, seed, n):
    """n numbers of a shape, by arithmetic that gives the same double in any language."""
    if shape == "normal":
        draws = uniform(seed, 12 * n)
        return [left_sum(draws[12 * at : 12 * at + 12]) - 6 for at in range(n)]
    return [{
        "uniform": lambda u: u,
        "skewed": lambda u: 10 * u * u,
        "heavy": lambda u: 1 / (u + 0.001),
        "whole": lambda u: float(math.floor(u * 12)),
        "few": lambda u: float(math.floor(u * 4)),
        "two": lambda u: float(math.floor(u * 2)),
        "far": lambda u: 1e6 + u,
        "constant": lambda u: 3.0,
    }[shape](u) for u in uniform(seed, n)]


def left_sum(values):
    total = 0.0
    for value in values:
        total += value
    return total


def moved(values, scale, shift):
    return [value * scale + shift for value in values]


def write(name, packages, rows):
    """One JSON object a line, the first with the versions that made the others. Numbers that JSON lacks are texts."""
    for package, wanted in packages.items():
        if version(package) != wanted:
            sys.exit(f"{package} {version(package)} is installed; {wanted} made the golden file.")
    lines = [json.dumps({"versions": packages})]
    lines += [json.dumps(plain(row), separators=(",", ":")) for row in rows]
    Path(__file__).with_name(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(rows)} cases")


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isfinite(number):
            return number
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if isinstance(value, np.integer):
        return int(value)
    return value


def categories(seed, n, k, tilt):
    """n letters of k, the first ones the likelier the larger the tilt (a whole number)."""
    def letter(u):
        power = 1.0
        for _ in range(tilt):
            power *= u
        return "abcdefghijkl"[math.floor(power * k)]
    return [letter(u) for u in uniform(seed, n)]


def column_pairs(seed, sizes):
    """Columns of two samples, as (what describes them, reference, current); a 'category' has letters."""
    for m, n in sizes:
        for shape in ["uniform", "skewed", "heavy", "whole", "few", "two", "normal", "constant"]:
            for scale, shift in [(1, 0), (1, .1), (1.3, .5)]:
                seed += 2
                yield ({"shape": shape, "seed": seed, "m": m, "n": n, "scale": scale, "shift": shift},
                       sample(shape, seed, m), moved(sample(shape, seed + 1, n), scale, shift))
        for k, (r, c) in [(1, (1, 1)), (2, (1, 1)), (2, (1, 2)), (4, (1, 1)), (4, (1, 2)), (12, (2, 1))]:
            seed += 2
            yield ({"shape": "category", "seed": seed, "m": m, "n": n, "k": k, "tilts": [r, c]},
                   categories(seed, m, k, r), categories(seed + 1, n, k, c))
