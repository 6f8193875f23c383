"""Makes the Parquet files of this folder with PyArrow: one table in the codecs, encodings and pages that its writers use.

python test/batch/golden/make.py
"""

import datetime as dt
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
rows = 60


def some(of, every=7):
    """Values of the rows, with every seventh missing."""
    return [None if i % every == 3 else of(i) for i in range(rows)]


start = dt.datetime(2024, 2, 28, 23, 59, 59, 123456)
table = pa.table(
    {
        "length": pa.array([i * 0.37 % 2 for i in range(rows)], pa.float64()),
        "width": pa.array(some(lambda i: -i / 7), pa.float32()),
        "höhe": pa.array([i * 3 - 50 for i in range(rows)], pa.int64()),
        "id": pa.array([2**60 + i for i in range(rows)], pa.int64()),
        "small": pa.array(some(lambda i: i % 5), pa.int8()),
        "unsigned": pa.array([2**32 - 1 - i for i in range(rows)], pa.uint32()),
        "price": pa.array(some(lambda i: decimal.Decimal(i * 125 - 3000) / 100), pa.decimal128(12, 2)),
        "truth": pa.array(some(lambda i: i % 3 == 0), pa.bool_()),
        "name": pa.array(some(lambda i: f"name {i % 9} å😀"), pa.string()),
        "kind": pa.array(some(lambda i: "abc"[i % 3]), pa.string()).dictionary_encode(),
        "day": pa.array(some(lambda i: dt.date(1969, 12, 20) + dt.timedelta(i)), pa.date32()),
        "at": pa.array(some(lambda i: start + dt.timedelta(hours=i)), pa.timestamp("us")),
        "moment": pa.array(some(lambda i: start + dt.timedelta(hours=i)), pa.timestamp("ms", "UTC")),
        "nanos": pa.array(some(lambda i: 1_709_164_799_123_456_789 + i), pa.timestamp("ns")),
        "none": pa.array([None] * rows, pa.float64()),
    }
)

plain = {
    "length": "BYTE_STREAM_SPLIT",
    "width": "BYTE_STREAM_SPLIT",
    "höhe": "DELTA_BINARY_PACKED",
    "id": "DELTA_BINARY_PACKED",
    "small": "DELTA_BINARY_PACKED",
    "name": "DELTA_BYTE_ARRAY",
    "kind": "DELTA_LENGTH_BYTE_ARRAY",
}
files = {
    # As pandas writes: dictionaries, pages of version 1, Snappy.
    "snappy": {"compression": "snappy"},
    "zstd": {"compression": "zstd", "data_page_version": "2.0", "data_page_size": 64, "write_batch_size": 8},
    "gzip": {"compression": "gzip", "row_group_size": 25, "use_dictionary": False},
    "lz4": {"compression": "lz4", "row_group_size": 20},
    "brotli": {"compression": "brotli", "data_page_size": 100, "write_batch_size": 16},
    "encodings": {
        "compression": "none",
        "use_dictionary": False,
        "column_encoding": plain,
        "data_page_version": "2.0",
        "data_page_size": 128,
        "write_batch_size": 16,
    },
    "int96": {"compression": "snappy", "use_deprecated_int96_timestamps": True, "row_group_size": 30},
}
for name, how in files.items():
    pq.write_table(table, here / f"{name}.parquet", write_statistics=False, store_schema=False, **how)
    print(name, (here / f"{name}.parquet").stat().st_size)
# What pandas writes of a frame without rows: a row group that has none.
none = table.select(["length", "width", "höhe"]).slice(0, 0)
pq.write_table(none, here / "no-rows.parquet", write_statistics=False, store_schema=False)
