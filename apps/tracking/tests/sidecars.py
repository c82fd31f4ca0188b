"""The commands that answer Prometheus, as processes next to a server."""

import re
import shutil
import subprocess
from pathlib import Path

import httpx
from command import Command

from postgres import free_port

EXPORTER = "prometheus-postgres-exporter"


class Sidecar(Command):
    """`metrics` or `database-metrics` on a free port; `with` starts it and ends it."""

    def __init__(self, command: str, log: Path, **environment: str) -> None:
        self.port = free_port()
        super().__init__(command, log, {"METRICS_PORT": str(self.port), **environment}, patience=60)

    def answers(self) -> bool:
        self.samples()
        return True

    def memory(self) -> int:
        """MiB that it holds."""
        assert self.process
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) // 1024

    def samples(self, family: str = "") -> dict[str, float]:
        """What Prometheus reads, by name and labels; with a family, only its samples, by labels."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=15, verify=False).text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {
            name.removeprefix(family): float(value)
            for name, value in lines
            if not family or re.split(r"[{ ]", name)[0] == family
        }


def exporter_folder(folder: Path) -> Path | None:
    """Where Debian's exporter is: installed, or unpacked from its package into the folder."""
    if found := shutil.which(EXPORTER):
        return Path(found).parent
    if not shutil.which("apt-get"):
        return None
    folder.chmod(0o755)  # for apt's own user
    done = subprocess.run(["apt-get", "download", "-qq", EXPORTER], cwd=folder, check=False)
    for package in folder.glob("*.deb") if done.returncode == 0 else []:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    program = folder / "usr/bin" / EXPORTER
    return program.parent if program.exists() else None
