"""Many kinds of models: fitted, converted, and found to be the same; or refused with the reason."""

import json
import tempfile
import unittest
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import check
import flavours
import rows
from failure import CannotConvert

IRIS, KINDS = load_iris(return_X_y=True, as_frame=True)
CELLS, MALIGNANT = load_breast_cancer(return_X_y=True, as_frame=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True, as_frame=True)


def people():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, 400),
            "visits": rng.integers(0, 20, 400),
            "city of birth": rng.choice(["Bergen", "Oslo", "Tromsø"], 400),
        }
    )
    return frame, np.where((frame["age"] > 40) ^ (frame["city of birth"] == "Oslo"), "yes", "no")


PEOPLE, RETURNS = people()
YES = (RETURNS == "yes").astype(int)


def by_column(*numbers):
    return ColumnTransformer([("numbers", make_pipeline(*numbers), ["age", "visits"]), ("text", OneHotEncoder(), ["city of birth"])])


def specs(data):
    """The signature that MLflow logs of such rows."""
    if isinstance(data, np.ndarray):
        return [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, data.shape[1]]}}]
    kinds = {"f": "double", "i": "long", "b": "boolean"}
    return [{"name": name, "type": kinds.get(data[name].dtype.kind, "string")} for name in data.columns]


def logged(model, data, folder=None):
    """The model as it is read from a version; with an input example where a folder is given."""
    example = None
    if folder is not None:
        head = data[:5]
        example = Path(folder) / "input_example.json"
        frame = {"columns": list(head.columns), "data": head.values.tolist()} if isinstance(head, pd.DataFrame) else head.tolist()
        example.write_text(json.dumps(frame))
    return flavours.Original("sklearn", model, specs(data), example)


class Models(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")

    def converted(self, fit, data):
        """The ONNX of a fresh model, which is the same as it, on its example and on rows made up."""
        with tempfile.TemporaryDirectory() as folder:
            for where in (None, folder):
                original = logged(fit(), data, where)
                graph, difference, _ = check.same_onnx(original.model, rows.rows_for(original))
                self.assertLessEqual(difference, check.TOLERANCE)
        return graph

    def each(self, models, data, target):
        for model in models:
            with self.subTest(model=type(model).__name__):
                yield model, self.converted(lambda model=model: model.fit(data, target), data)

    def test_classifiers_keep_features_labels_and_probabilities(self):
        classifiers = [
            LogisticRegression(max_iter=500),
            RandomForestClassifier(30, random_state=1),
            ExtraTreesClassifier(20, random_state=1),
            GradientBoostingClassifier(n_estimators=20),
            HistGradientBoostingClassifier(max_iter=20),
            DecisionTreeClassifier(),
            KNeighborsClassifier(),
            GaussianNB(),
            MLPClassifier(max_iter=50, random_state=1),
            GridSearchCV(LogisticRegression(max_iter=500), {"C": [1, 2]}),
            CalibratedClassifierCV(LogisticRegression(max_iter=500)),
            VotingClassifier([("a", LogisticRegression(max_iter=500)), ("b", DecisionTreeClassifier())], voting="soft"),
            make_pipeline(StandardScaler(), PCA(2), LogisticRegression()),
            xgboost.XGBClassifier(n_estimators=10),
            lightgbm.LGBMClassifier(n_estimators=10, verbose=-1),
        ]
        for _, graph in self.each(classifiers, IRIS, KINDS):
            self.assertEqual(noted(graph), {"cairn.features": list(IRIS.columns), "cairn.labels": ["0", "1", "2"]})
            self.assertEqual([(name, shape) for name, _, shape in ports(graph.graph.input)], [("input", ["rows", 4])])
            self.assertEqual([shape for _, _, shape in ports(graph.graph.output)], [["rows"], ["rows", 3]])

    def test_classifiers_without_probabilities_answer_with_the_label_alone(self):
        for _, graph in self.each([LinearSVC(), SVC()], IRIS, KINDS):
            self.assertEqual([name for name, _, _ in ports(graph.graph.output)], ["label"])

    def test_regressors_answer_with_one_number(self):
        regressors = [
            LinearRegression(),
            Ridge(),
            SVR(),
            RandomForestRegressor(30, random_state=1),
            GradientBoostingRegressor(),
            HistGradientBoostingRegressor(max_iter=20),
            xgboost.XGBRegressor(n_estimators=20),
            lightgbm.LGBMRegressor(n_estimators=50, verbose=-1),
        ]
        for _, graph in self.each(regressors, PATIENTS, PROGRESS):
            self.assertEqual([shape for _, _, shape in ports(graph.graph.output)], [["rows", 1]])
            self.assertEqual(list(noted(graph)), ["cairn.features"])

    def test_models_that_sort_without_classes_keep_their_answer_alone(self):
        for _, graph in self.each([KMeans(3, random_state=1), IsolationForest(n_estimators=10, random_state=1)], IRIS, KINDS):
            self.assertEqual([name for name, _, _ in ports(graph.graph.output)], ["label"])

    def test_labels_are_named_as_the_answers_name_them(self):
        names = np.array(["setosa", "versicolor", "virginica"])[KINDS]
        for labels, expected in [
            (names, ["setosa", "versicolor", "virginica"]),
            (KINDS.astype(float), ["0", "1", "2"]),
            (KINDS > 0, ["0", "1"]),
            (KINDS * 10, ["0", "10", "20"]),
        ]:
            graph = self.converted(lambda labels=labels: LogisticRegression(max_iter=500).fit(IRIS.to_numpy(), labels), IRIS.to_numpy())
            self.assertEqual(noted(graph), {"cairn.labels": expected})

    def test_pipelines_over_numbers_and_text_take_a_column_each(self):
        pipelines = [
            Pipeline([("columns", by_column(SimpleImputer(), StandardScaler())), ("model", LogisticRegression())]),
            Pipeline([("columns", by_column(StandardScaler())), ("model", RandomForestClassifier(20, random_state=1))]),
            Pipeline([("columns", by_column(StandardScaler())), ("model", lightgbm.LGBMClassifier(n_estimators=10, verbose=-1))]),
            Pipeline(
                [("columns", ColumnTransformer([("text", OrdinalEncoder(), ["city of birth"])], remainder="passthrough")), ("model", DecisionTreeClassifier())]
            ),
            make_pipeline(
                make_column_transformer(
                    (StandardScaler(), make_column_selector(dtype_include=np.number)), (OneHotEncoder(), make_column_selector(dtype_exclude=np.number))
                ),
                LogisticRegression(),
            ),
        ]
        for _, graph in self.each(pipelines, PEOPLE, RETURNS):
            self.assertEqual([name for name, _, _ in ports(graph.graph.input)], list(PEOPLE.columns))
            self.assertEqual(noted(graph), {"cairn.labels": ["no", "yes"]})

    def test_pipelines_end_in_boosted_trees_of_either_library(self):
        for model in (xgboost.XGBClassifier(n_estimators=10), lightgbm.LGBMClassifier(n_estimators=10, verbose=-1)):
            self.converted(lambda model=model: Pipeline([("columns", by_column(StandardScaler())), ("model", model)]).fit(PEOPLE, YES), PEOPLE)

    def test_trees_behind_a_scaler_that_rows_meet_exactly_take_float64(self):
        fit = lambda: Pipeline([("columns", by_column(StandardScaler())), ("model", xgboost.XGBRegressor(n_estimators=10))]).fit(PEOPLE, PEOPLE["age"])  # noqa: E731
        graph = self.converted(fit, PEOPLE)
        self.assertEqual([kind for _, kind, _ in ports(graph.graph.input)], ["DOUBLE", "DOUBLE", "STRING"])

    def test_columns_picked_by_name_among_numbers_are_inputs_of_their_own(self):
        columns = ColumnTransformer([("scaled", StandardScaler(), ["petal length (cm)"]), ("as is", "passthrough", ["petal width (cm)"])])
        graph = self.converted(lambda: make_pipeline(columns, LogisticRegression()).fit(IRIS, KINDS), IRIS)
        self.assertEqual([name for name, _, _ in ports(graph.graph.input)], list(IRIS.columns))

    def test_boosters_without_an_estimator_are_known_by_their_objective(self):
        table = lambda data, target: xgboost.DMatrix(data, target)  # noqa: E731
        dataset = lambda data, target: lightgbm.Dataset(data, target)  # noqa: E731
        quiet = {"verbose": -1}
        for train, data, labels in [
            (lambda: xgboost.train({"objective": "binary:logistic"}, table(CELLS, MALIGNANT), 5), CELLS, ["0", "1"]),
            (lambda: xgboost.train({"objective": "multi:softprob", "num_class": 3}, table(IRIS, KINDS), 5), IRIS, ["0", "1", "2"]),
            (lambda: xgboost.train({"objective": "multi:softmax", "num_class": 3}, table(IRIS, KINDS), 5), IRIS, ["0", "1", "2"]),
            (lambda: xgboost.train({"objective": "reg:squarederror"}, table(PATIENTS, PROGRESS), 5), PATIENTS, None),
            (lambda: lightgbm.train({"objective": "binary", **quiet}, dataset(CELLS, MALIGNANT), 5), CELLS, ["0", "1"]),
            (lambda: lightgbm.train({"objective": "multiclass", "num_class": 3, **quiet}, dataset(IRIS, KINDS), 5), IRIS, ["0", "1", "2"]),
            (lambda: lightgbm.train({"objective": "regression", **quiet}, dataset(PATIENTS, PROGRESS), 5), PATIENTS, None),
        ]:
            graph = self.converted(train, data)
            self.assertEqual(noted(graph).get("cairn.labels"), labels)
            self.assertEqual(noted(graph)["cairn.features"], list(data.columns))

    def test_what_converts_to_something_else_is_refused_with_the_row(self):
        # The converter takes the trees of such a forest for boosted ones.
        model = xgboost.XGBRFClassifier(n_estimators=10).fit(IRIS, KINDS)
        with self.assertRaisesRegex(CannotConvert, r"^The ONNX (says '\d' where the model says '\d'|differs from the model by [\d.e-]+), .*row \d+: \{'sepal"):
            check.same_onnx(model, rows.rows_for(logged(model, IRIS)))

    def test_several_targets_at_once_are_refused(self):
        model = MultiOutputClassifier(LogisticRegression(max_iter=500)).fit(IRIS, np.stack([KINDS, KINDS], axis=1))
        with self.assertRaises(CannotConvert):
            check.same_onnx(model, rows.rows_for(logged(model, IRIS)))

    def test_a_model_without_signature_and_example_is_asked_by_the_names_or_the_width_it_remembers(self):
        booster = xgboost.train({}, xgboost.DMatrix(PATIENTS, PROGRESS), 5)
        for model, names in [
            (booster, list(PATIENTS.columns)),
            (LinearRegression().fit(PATIENTS, PROGRESS), list(PATIENTS.columns)),
            (lightgbm.train({"verbose": -1}, lightgbm.Dataset(PATIENTS.to_numpy(), PROGRESS), 5), None),
            (LinearRegression().fit(PATIENTS.to_numpy(), PROGRESS), None),
        ]:
            sample = rows.rows_for(flavours.Original("sklearn", model, None, None))
            self.assertEqual((sample.source, sample.data.shape[1]), ("model", 10))
            graph, _, _ = check.same_onnx(model, sample)
            self.assertEqual(noted(graph).get("cairn.features"), names)

    def test_text_that_nothing_tells_the_values_of_wants_an_example(self):
        original = flavours.Original("sklearn", LogisticRegression(), [{"name": "word", "type": "string"}], None)
        with self.assertRaisesRegex(CannotConvert, "log the model with an input example"):
            rows.rows_for(original)


def ports(side):
    import onnx

    return [
        (p.name, onnx.TensorProto.DataType.Name(p.type.tensor_type.elem_type), [d.dim_param or d.dim_value for d in p.type.tensor_type.shape.dim]) for p in side
    ]


def noted(graph):
    return {entry.key: json.loads(entry.value) for entry in graph.metadata_props}
