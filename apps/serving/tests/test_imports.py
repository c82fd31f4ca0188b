"""What the server does not load."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"


def test_dask_costs_the_server_nothing() -> None:
    script = (
        "import sys, model_server, skops.io, sklearn.ensemble; "
        "print([name for name in sys.modules if name.startswith(('dask.', 'distributed'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
