"""Installs what a version was logged with and this image lacks: `-m model_server.install FILE`.

Runs while an image is built (`apps/model/Dockerfile`), for `npm run images -- --model NAME`. Which
requirements count as met is decided as when the alias moves, so that the image can serve the
version it was built for. An error is one line that begins with `refused:`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from model_server.requirements import Unmet, unmet_requirements

_CONFLICT = re.compile(r"The conflict is caused by:\n((?: +.+\n)+)")
_NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")


class RefusedError(Exception):
    """The image cannot be built; the text is the reason and the fix."""


def main(file: Path) -> int:
    """Install, and prove that the server still starts."""
    unmet = unmet_requirements(file)
    try:
        refuse_own(unmet)
        if unmet:
            install([_line(one) for one in unmet])
    except RefusedError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


def refuse_own(unmet: Iterable[Unmet]) -> None:
    """Raise for a package that the server itself is built on."""
    own = [one for one in unmet if not one.can_be_installed]
    if own:
        raise RefusedError(
            f"it requires {', '.join(one.wanted for one in own)}, and the model server itself is "
            f"built on {', '.join(one.here for one in own)}; train and log it with the latter"
        )


def install(wanted: list[str]) -> None:
    """Keep every package unless another version is required. Wheels only: no code of a package runs
    while it is installed."""
    names = {canonicalize_name(Requirement(line).name) for line in wanted}
    kept = {canonicalize_name(one.name): one.version for one in distributions()}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        lines = (f"{name}=={version}" for name, version in kept.items() if name not in names)
        constraints.write("\n".join(lines))
        constraints.flush()
        print(f"installing {', '.join(wanted)}", flush=True)
        options = ("--no-compile", "--no-cache-dir", "--only-binary", ":all:", "--no-input")
        command = ("-m", "pip", "install", *options, "--constraint", constraints.name, *wanted)
        done = _python(*command)
    if done.returncode:
        raise RefusedError(_pip_reason(done.stdout + done.stderr))
    started = _python("-c", "import model_server.app")
    if started.returncode:
        last = started.stderr.strip().splitlines()[-1]
        raise RefusedError(f"the model server does not start with {', '.join(wanted)}: {last}")


def _line(one: Unmet) -> str:
    return f"{one.package}{Requirement(one.wanted).specifier}"


def _pip_reason(output: str) -> str:
    conflict = _CONFLICT.search(output)
    if conflict:
        lines = [line.strip() for line in conflict[1].splitlines()]
        here = " and ".join(
            line.removeprefix("The user requested (constraint) ").replace("==", " ")
            for line in lines
            if "(constraint)" in line
        )
        asked = ", ".join(
            line.replace("The user requested ", "it requires ")
            for line in lines
            if "(constraint)" not in line
        )
        return f"{asked}, and the model server has {here}" if here else asked
    missing = _NOT_FOUND.search(output)
    if missing:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"the package index has no wheel of {missing[1]} for Python {version}"
    return output.strip().splitlines()[-1]


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
