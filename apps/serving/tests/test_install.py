"""What is installed into an image for a registered version, and what is refused in one sentence."""

from __future__ import annotations

import sys
import venv
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from model_server.install import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Runs it with the pip of this environment, into which nothing may be installed."""
    python = tmp_path / "venv"
    venv.create(python)
    packages = next(python.glob("lib/*/site-packages"))
    (packages / "ours.pth").write_text("\n".join(path for path in sys.path if "site-" in path))
    monkeypatch.setattr(sys, "executable", str(python / "bin" / "python"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "src"))

    def run(*lines: str) -> tuple[int, str]:
        file = tmp_path / "logged-requirements.txt"
        file.write_text("\n".join(lines))
        return main(file), capfd.readouterr().err.strip()

    return run


def test_what_the_image_has_is_not_installed_again(printed: Run) -> None:
    assert printed(f"scikit-learn=={version('scikit-learn')}", "numpy") == (0, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "pandas==2.2.3",
            f"refused: it requires pandas==2.2.3, and the model server itself is built on pandas "
            f"{version('pandas')}; train and log it with the latter",
        ),
        (
            "numba==0.60.0",
            "refused: numba 0.60.0 depends on numpy<2.1 and >=1.22, and the model server has numpy "
            f"{version('numpy')}",
        ),
        (
            "imbalanced-learn==99",
            "refused: the package index has no wheel of imbalanced-learn==99 for Python "
            f"{sys.version_info.major}.{sys.version_info.minor}",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_both_versions(
    printed: Run,
    line: str,
    reason: str,
) -> None:
    assert printed(line) == (1, reason)
