"""What a model requires, compared with the packages that are installed here."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest
from model_server.requirements import (
    Unmet,
    requirements_reason,
    unmet_python,
    unmet_requirements,
)

SKLEARN = version("scikit-learn")
RELEASE = ".".join(SKLEARN.split(".")[:2])


def unmet(folder: Path, *lines: str) -> list[Unmet]:
    (folder / "requirements.txt").write_text("\n".join(lines))
    return unmet_requirements(folder / "requirements.txt")


@pytest.mark.parametrize(
    "line",
    [
        "scikit-learn",
        f"scikit-learn=={SKLEARN}",
        f"scikit-learn=={RELEASE}.99",
        f"scikit_learn=={RELEASE}.0  # as pip freeze writes it",
        f"scikit-learn>={RELEASE}",
        f"numpy=={version('numpy').partition('.')[0]}.0.0",
        f"mlflow-skinny=={version('mlflow')}",
        f"xgboost=={version('xgboost-cpu')}",
        'prophet==1.1.5; python_version < "3"',
        "-c constraints.txt",
        "--index-url https://example.com/simple",
        "# a comment",
        "",
    ],
)
def test_what_is_here_is_met(tmp_path: Path, line: str) -> None:
    assert unmet(tmp_path, line) == []


@pytest.mark.parametrize(
    ("line", "wanted", "here"),
    [
        ("Prophet==1.1.5", "prophet==1.1.5", "no prophet"),
        ("prophet", "prophet", "no prophet"),
        ("scikit-learn==1.2.0", "scikit-learn==1.2.0", f"scikit-learn {SKLEARN}"),
        ("scikit-learn<1", "scikit-learn<1", f"scikit-learn {SKLEARN}"),
        ("numpy==1.26.4", "numpy==1.26.4", f"numpy {version('numpy')}"),
        ("prophet @ https://example.com/p.whl", "prophet", "no prophet"),
    ],
)
def test_what_is_not_here_is_named(tmp_path: Path, line: str, wanted: str, here: str) -> None:
    missing = here.startswith("no ")
    assert unmet(tmp_path, "pandas", line) == [Unmet(wanted, here, missing)]


def test_another_release_of_python_is_named() -> None:
    here = platform.python_version()
    assert unmet_python(here) == unmet_python(None) == []
    assert unmet_python("3.6.1") == [Unmet("Python 3.6.1", f"Python {here}")]


def test_a_model_without_requirements_requires_nothing(tmp_path: Path) -> None:
    assert unmet_requirements(tmp_path / "requirements.txt") == []


def test_the_reason_names_each_package_and_the_command() -> None:
    unmet = [Unmet("lightgbm==3", "lightgbm 4.7.0"), Unmet("b", "no b", is_missing=True)]
    reason = requirements_reason(unmet, "churn rate", "champion")
    assert "requires lightgbm==3, b, and this server has lightgbm 4.7.0, no b" in reason
    assert "run `npm run images -- --model 'churn rate@champion'`" in reason


@pytest.mark.parametrize("wanted", ["Python 3.9.1", "pandas==2.2.3", "mlflow==2.1"])
def test_no_image_is_offered_for_what_the_server_itself_is_built_on(wanted: str) -> None:
    reason = requirements_reason([Unmet(wanted, "another")], "churn", "champion")
    assert reason == (
        f"it requires {wanted}, and this server has another: log the model with what this server "
        "has"
    )
