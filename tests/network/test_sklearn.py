"""Fitted estimators as networks: they decide as scikit-learn does, with their insides where they have some."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, RidgeClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import scrutable as sc
from scrutable.errors import UserError
from scrutable.network import Bits, Category, Columns, Network, Reals, load

WINE: Any = load_wine()
IRIS: Any = load_iris()
DIABETES: Any = load_diabetes()


def fitted(model: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


def perceptron(activation: str = "relu", **options: Any) -> MLPClassifier:
    return MLPClassifier((12, 8), activation=activation, max_iter=40, random_state=0, **options)


def many(network: Network, n: int = 3000) -> np.ndarray:
    return network.inputs.sample(n, np.random.default_rng(0))


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize(
    "before", [(), (StandardScaler(),), (MinMaxScaler(clip=True), RobustScaler()), (MaxAbsScaler(),)]
)
def test_perceptrons_become_layers(activation: str, labels: int, before: tuple[Any, ...]) -> None:
    x, y = WINE.data[WINE.target < labels], WINE.target[WINE.target < labels]
    model = fitted(make_pipeline(*before, perceptron(activation)), x, y)
    network = sc.from_sklearn(model, x)
    rows = many(network)
    assert network.outputs == Category(labels) and network.layers is not None
    assert (network.predict(rows) == model.predict(rows)).all()
    scores = network.raw(rows)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    assert np.allclose(weights / weights.sum(axis=1, keepdims=True), model.predict_proba(rows), atol=1e-9)
    assert "fc1" in network.sites and network.reinitialised(0) is not None
    hidden = network.read(rows[:5], "fc2[0:3]")
    assert next(iter(hidden.values())).shape == (5, 3)


@pytest.mark.parametrize(
    "model", [LogisticRegression(max_iter=20), LinearSVC(), RidgeClassifier()], ids=lambda m: type(m).__name__
)
@pytest.mark.parametrize("labels", [2, 3])
def test_linear_models_become_one_layer(model: Any, labels: int) -> None:
    x, y = IRIS.data[IRIS.target < labels], IRIS.target[IRIS.target < labels]
    pipeline = fitted(make_pipeline(StandardScaler(), model), x, y)
    network = sc.from_sklearn(pipeline, x)
    rows = many(network)
    assert (network.predict(rows) == pipeline.predict(rows)).all() and "linear" in network.sites


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(),
        RandomForestClassifier(5),
        SVC(),
        make_pipeline(PolynomialFeatures(), LogisticRegression()),
    ],
    ids=lambda m: type(m).__name__,
)
def test_other_estimators_are_functions_and_say_so(model: Any) -> None:
    fitted(model, IRIS.data, IRIS.target_names[IRIS.target])
    network = sc.from_sklearn(model, IRIS.data)
    rows = many(network, 500)
    assert network.outputs == Category(["setosa", "versicolor", "virginica"])
    assert (IRIS.target_names[network.predict(rows)] == model.predict(rows)).all()
    assert "insides cannot be seen" in network.facts.checks[0] and network.facts.kind == "function"


@pytest.mark.parametrize(
    ("model", "layered"),
    [
        (MLPRegressor(hidden_layer_sizes=(6,), max_iter=30), True),
        (LinearRegression(), True),
        (PoissonRegressor(), False),
        (RandomForestRegressor(3), False),
    ],
    ids=lambda m: type(m).__name__,
)
def test_regression(model: Any, layered: bool) -> None:  # noqa: FBT001
    pipeline = fitted(make_pipeline(StandardScaler(), model), DIABETES.data, DIABETES.target)
    network = sc.from_sklearn(pipeline, DIABETES.data)
    rows = many(network)
    assert network.outputs == Reals() and np.allclose(network.predict(rows), pipeline.predict(rows))
    assert (network.facts.kind != "function") == layered


def test_several_answers() -> None:
    y = np.stack([DIABETES.target, 2 * DIABETES.target], axis=1)
    regressor = fitted(MLPRegressor(hidden_layer_sizes=(6,), max_iter=20), DIABETES.data, y)
    network = sc.from_sklearn(regressor, DIABETES.data)
    assert network.outputs == Reals(channels=2)
    assert np.allclose(network.predict(DIABETES.data), regressor.predict(DIABETES.data))
    questions = fitted(perceptron(), DIABETES.data, (y > 150).astype(int))
    network = sc.from_sklearn(questions, DIABETES.data)
    assert network.outputs == Bits(channels=2)
    assert (network.predict(DIABETES.data) == questions.predict(DIABETES.data)).all()


def test_two_labels_as_a_bit() -> None:
    x, y = IRIS.data[IRIS.target < 2], IRIS.target[IRIS.target < 2]
    model = fitted(perceptron(), x, y)
    network = sc.from_sklearn(model, x, outputs="Bits()")
    rows = many(network)
    assert (network.predict(rows) == model.predict(rows)).all()
    assert np.allclose(network.raw(rows), model.predict_proba(rows)[:, 1])


def test_names_ranges_and_whole_columns_come_from_the_data() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [20, 30, 45, 60], "income": [1.5, 2.0, 0.25, 9.0]})
    model = fitted(DecisionTreeClassifier(), frame, [0, 0, 1, 1])
    network = sc.from_sklearn(model, frame)
    assert network.inputs == Columns(["age", "income"], lo=[20, 0.25], hi=[60, 9.0], integer=[True, False])
    assert (network.predict(frame.to_numpy()) == model.predict(frame)).all()


def test_network_takes_an_estimator_itself() -> None:
    model = fitted(perceptron(), WINE.data, WINE.target)
    network = Network(model, inputs=Columns(WINE.feature_names, lo=0, hi=100), outputs=Category(3))
    assert (network.predict(WINE.data) == model.predict(WINE.data)).all() and "fc3" in network.sites


def test_a_trusted_file_shows_its_layers(tmp_path: Path) -> None:
    model = fitted(perceptron(), WINE.data, WINE.target)
    joblib.dump(model, tmp_path / "model.joblib")
    spec = sc.from_sklearn(model, WINE.data).inputs.spec
    with pytest.raises(UserError, match="trust"):
        load(tmp_path / "model.joblib", inputs=spec, outputs="Category(3)")
    network = load(tmp_path / "model.joblib", inputs=spec, outputs="Category(3)", trust=True)
    assert (network.predict(WINE.data) == model.predict(WINE.data)).all() and "fc1" in network.sites


def test_mistakes_are_told_in_one_sentence() -> None:
    model = fitted(perceptron(), WINE.data, WINE.target)
    with pytest.raises(UserError, match="not fitted"):
        sc.from_sklearn(perceptron(), WINE.data)
    with pytest.raises(UserError, match="expected a fitted estimator"):
        sc.from_sklearn(3, WINE.data)
    with pytest.raises(UserError, match="13 columns"):
        Network(model, inputs=Columns(["a", "b"]), outputs=Category(3))
    with pytest.raises(UserError, match="finite numbers"):
        sc.from_sklearn(model, np.full((3, 13), np.nan), outputs=Category(3))
