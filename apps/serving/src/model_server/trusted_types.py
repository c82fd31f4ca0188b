"""The types and functions that a skops file may hold in addition to what skops trusts itself.

skops trusts scikit-learn's public estimators, NumPy's arrays, scalars and ufuncs, and Python's
containers. Fitted estimators also hold scikit-learn's internal objects, which are listed here one
by one. A name belongs here only if no state and no arguments make the object run code, call a
method whose name is in the file, or open a file.
"""

from __future__ import annotations

import scipy.stats
from scipy.stats._distn_infrastructure import rv_generic
from sklearn.metrics import get_scorer, get_scorer_names

TREE = "sklearn.tree._tree.Tree"

_TYPES = {
    "scipy.interpolate._bsplines": "BSpline",
    "scipy.stats._distn_infrastructure": "rv_continuous_frozen rv_discrete_frozen",
    "sklearn._loss.loss": "HalfMultinomialLoss HalfTweedieLoss HalfTweedieLossIdentity",
    "sklearn.calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
    "sklearn.cluster._bisect_k_means": "_BisectingTree",
    "sklearn.compose._column_transformer": "make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern "
        "PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel"
    ),
    "sklearn.impute._iterative": "IterativeImputer",
    "sklearn.metrics._scorer": "_CurveScorer _MultimetricScorer _PassthroughScorer _Scorer",
    "sklearn.model_selection._split": (
        "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut "
        "PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold "
        "StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper"
    ),
    "sklearn.model_selection._search_successive_halving": (
        "HalvingGridSearchCV HalvingRandomSearchCV"
    ),
    "sklearn.multiclass": "_ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
}
# Their state is a tuple of arrays and numbers. Not among them: PyFuncDistance, which calls a
# function, and Mahalanobis, which copies a row into an array of a size that its state names.
_METRICS = (
    "BrayCurtis Canberra Chebyshev Dice Euclidean Hamming Haversine Jaccard Manhattan "
    "Minkowski RogersTanimoto RussellRao SEuclidean SokalSneath"
)
_TYPES_WITH_TUPLES = {
    "sklearn.metrics._dist_metrics": " ".join(
        f"{metric}Distance32 {metric}Distance64" for metric in _METRICS.split()
    ),
    "sklearn.neighbors._ball_tree": "BallTree BallTree32",
    "sklearn.neighbors._kd_tree": "KDTree KDTree32",
}
_FUNCTIONS = {
    "numpy": "clip max mean median min nan_to_num round sum",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection._univariate_selection": (
        "chi2 f_classif f_oneway f_regression r_regression"
    ),
    "sklearn.metrics._classification": (
        "class_likelihood_ratios cohen_kappa_score fbeta_score hamming_loss hinge_loss "
        "zero_one_loss"
    ),
    "sklearn.metrics._ranking": (
        "coverage_error dcg_score label_ranking_average_precision_score label_ranking_loss "
        "ndcg_score"
    ),
    "sklearn.metrics._regression": (
        "d2_pinball_score d2_tweedie_score mean_pinball_loss mean_tweedie_deviance"
    ),
    "sklearn.utils.validation": "check_array",
}


def _names(by_module: dict[str, str]) -> frozenset[str]:
    return frozenset(
        f"{module}.{name}" for module, names in by_module.items() for name in names.split()
    )


# Unpickling one of SciPy's distributions runs the source text in this attribute, so it must be the
# text that SciPy made.
DISTRIBUTION_SOURCES = {
    f"{type(found).__module__}.{type(found).__qualname__}": found._parse_arg_template
    for found in vars(scipy.stats).values()
    if isinstance(found, rv_generic)
}
XGBOOST = "xgboost.core.Booster"
BOOSTERS = frozenset({XGBOOST, "lightgbm.basic.Booster"})
"""Their states hold a model in the library's own format, which is checked as well."""
_ESTIMATORS = _names(
    {
        "lightgbm.sklearn": "LGBMClassifier LGBMRanker LGBMRegressor",
        "xgboost.sklearn": "XGBClassifier XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor",
    }
)
OBJECTS_WITH_TUPLES = _names(_TYPES_WITH_TUPLES)
OBJECTS = (
    _names(_TYPES) | OBJECTS_WITH_TUPLES | DISTRIBUTION_SOURCES.keys() | BOOSTERS | _ESTIMATORS
)
FUNCTIONS = _names(_FUNCTIONS) | {
    f"{scorer._score_func.__module__}.{scorer._score_func.__qualname__}"
    for scorer in map(get_scorer, get_scorer_names())
}
DICTS = frozenset({"sklearn.utils._bunch.Bunch"})
TUPLES = frozenset({"sklearn.impute._iterative._ImputerTriplet"})
SPARSE = _names(
    {
        f"scipy.sparse._{kind}": f"{kind}_array {kind}_matrix"
        for kind in ("bsr", "coo", "csc", "csr", "dia")
    }
)
# Classes as values, such as in make_column_selector(dtype_include=numpy.number).
CLASSES = _names(
    {
        "builtins": "object",
        "collections": "OrderedDict",
        "numpy": (
            "complexfloating floating generic inexact integer number signedinteger unsignedinteger"
        ),
        "sklearn.model_selection._split": "KFold StratifiedKFold",
    }
)
