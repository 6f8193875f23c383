"""
What the data drift component of Azure ML's model monitoring computes of columns: columns-azureml.jsonl for the tests beside it.
Its source is run as it is, on Spark; only how it starts Spark and writes its table is put aside, since the table keeps
single precision.

git clone https://github.com/Azure/azureml-assets && git -C azureml-assets checkout 4b41f8ccbc01cf492767adc586ce1661c54c340a
pip install pyspark==3.5.5 scipy==1.11.4 'numpy<2' 'pandas<2' setuptools
python columns_azureml.py azureml-assets/assets/model_monitoring/components/src
"""

import sys
import types
import warnings

import pandas as pd
from pyspark.sql import SparkSession
from samples import column_pairs, write

warnings.simplefilter("ignore")
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
    "spark.sql.shuffle.partitions", "1").config("spark.driver.bindAddress", "127.0.0.1").config(
    "spark.driver.host", "127.0.0.1").getOrCreate()
sys.path.insert(0, sys.argv[1])
aside = types.ModuleType("data_drift_compute_metrics.io_utils")
aside.get_output_spark_df = lambda table: table
aside.init_spark = lambda: spark
sys.modules["data_drift_compute_metrics.io_utils"] = aside
from data_drift_compute_metrics import categorical_data_drift_metrics as categorical  # noqa: E402
from data_drift_compute_metrics import numerical_data_drift_metrics as numerical  # noqa: E402

rows = []
# Every second pair: Spark takes some ten seconds for each.
for what, reference, current in list(column_pairs(50_000, [(30, 20), (500, 400)]))[::2]:
    numeric = what["shape"] != "category"
    a, b = (spark.createDataFrame(pd.DataFrame({"x": values})).cache() for values in (reference, current))
    tests = {"NormalizedWassersteinDistance": numerical._normalized_wasserstein,
             "JensenShannonDistance": numerical._jensen_shannon_numerical,
             "PopulationStabilityIndex": numerical._psi_numerical,
             "TwoSampleKolmogorovSmirnovTest": numerical._ks2sample_pandas_impl} if numeric else {
             "JensenShannonDistance": categorical._jensen_shannon_categorical,
             "PopulationStabilityIndex": categorical._psi_categorical,
             "PearsonsChiSquaredTest": categorical._chisquaretest}
    results = {name: test(a, b, len(reference), len(current), ["x"])[0][1] for name, test in tests.items()}
    rows.append({"kind": "column", **what, "results": results})
write("columns-azureml.jsonl", {"pyspark": "3.5.5", "scipy": "1.11.4"}, rows)
