"""`manage.py test`: provides what the tests need of the system, then runs them with pytest.

Python packages are manage.py's matter. Of the system the tests want Chromium and kcat: what is there is used;
else, as root on Debian or Ubuntu, it is installed; else Playwright downloads its own Chromium; else one line
says what to install.

Invariants: nothing is installed without a line that says so, and nothing of the system with --no-system-packages.
pytest has the last word on the screen. The tests' data is in a temporary directory, never in .data.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from console.management.refusals import Refused
from engine.launcher import REPOSITORY

NO_SYSTEM_PACKAGES = "--no-system-packages"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KCAT_NAMES = ("kcat", "kafkacat")
# Three processes for two cores: half of the time is waiting (for a session to end, a JVM, a browser). What each gets
# is decided by tests/conftest.py.
WHOLE_SUITE = ["-n", "3"]


def main(arguments: list[str]) -> int:
    """Run the tests; arguments are pytest's, except for --no-system-packages. Return pytest's exit code."""
    pytest_arguments = [argument for argument in arguments if argument != NO_SYSTEM_PACKAGES]
    machine = Machine(system_packages=NO_SYSTEM_PACKAGES not in arguments)
    try:
        provided = provide(machine)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="odradek-test-", ignore_cleanup_errors=True) as data:
        environment = {**os.environ, "ODRADEK_DATA": data, **provided}
        command = [sys.executable, "-m", "pytest", *(pytest_arguments or WHOLE_SUITE)]
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


@dataclass(slots=True)
class Machine:
    """What can be found and done here; tests put in their own."""

    system_packages: bool = True
    which: Callable[[str], str | None] = shutil.which
    run: Callable[[list[str]], bool] = field(default_factory=lambda: _run)
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    os_release: Path = Path("/etc/os-release")

    def find(self, names: tuple[str, ...]) -> str | None:
        """Return the first program of these names."""
        return next((found for name in names if (found := self.which(name))), None)

    def distribution(self) -> str:
        """Return "debian", "ubuntu", or "" for anything else."""
        try:
            lines = self.os_release.read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        named = dict(line.partition("=")[::2] for line in lines)
        name = named.get("ID", "").strip('"')
        return name if name in ("debian", "ubuntu") else ""


def provide(machine: Machine) -> dict[str, str]:
    """Make sure that Chromium and kcat are there; return the environment by which tests find them."""
    install_system_packages(machine)
    if machine.find(KCAT_NAMES) is None:
        raise Refused("kcat is missing: install it (Debian, Ubuntu: apt-get install kcat) and run again.")
    chromium = machine.find(CHROMIUM_NAMES)
    if chromium is not None:
        return {"ODRADEK_CHROMIUM": chromium}
    options = ["--with-deps"] if machine.is_root and machine.system_packages and machine.distribution() else []
    print("Installing Playwright's own Chromium ...", flush=True)
    if not machine.run([sys.executable, "-m", "playwright", "install", *options, "chromium"]):
        raise Refused(
            "Chromium is missing and could not be downloaded:"
            " install it (Debian: apt-get install chromium) and run again."
        )
    return {}


def install_system_packages(machine: Machine) -> None:
    """Install what is missing with apt-get, where that is possible and allowed."""
    distribution = machine.distribution()
    packages = [] if machine.find(KCAT_NAMES) else ["kcat"]
    if distribution == "debian" and machine.find(CHROMIUM_NAMES) is None:
        packages.append("chromium")  # Ubuntu's is a snap, which containers cannot run
    possible = machine.is_root and distribution and machine.which("apt-get")
    if not packages or not possible or not machine.system_packages:
        return
    print(f"Installing {' and '.join(packages)} with apt-get ({NO_SYSTEM_PACKAGES} forbids that) ...", flush=True)
    machine.run(["apt-get", "update", "-q"])
    machine.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages])


def _run(command: list[str]) -> bool:
    """Run a command quietly; show what it said when it failed."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.stderr.write(result.stdout[-2000:] + result.stderr[-2000:])
    return result.returncode == 0
