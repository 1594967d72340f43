"""manage.py: the environment it makes, and what it says when it cannot.

Each test has a copy of manage.py in a directory of its own, with a lock of one package: a wheel made here whose
`django` writes where it ran. Nothing is fetched.
"""

import ast
import base64
import hashlib
import itertools
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PROBE = "import sys\ndef execute_from_command_line(argv):\n    print('ran', argv[1:], 'in', sys.prefix)\n"
RUN_BLOCKING = "import runpy, sys; sys.modules[{module!r}] = None; sys.argv = ['manage.py', 'check']; "
RUN_BLOCKING += "runpy.run_path('manage.py', run_name='__main__')"


def record_line(name: str, content: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    wheel = tmp_path / "wheels" / "odradek_probe-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    info = "odradek_probe-1.0.dist-info"
    files = {
        "django/__init__.py": "",
        "django/core/__init__.py": "",
        "django/core/management/__init__.py": PROBE,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: odradek-probe\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(record_line(*file) for file in files.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(REPOSITORY / "manage.py", checkout)
    (checkout / "requirements.txt").write_text(f"# a comment\nodradek-probe==1.0 \\\n    --hash=sha256:{digest}\n")
    return checkout


def environment(checkout: Path, **variables: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "ODRADEK_", "PYTHON"))}
    return {**bare, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **variables}


def run(checkout: Path, *command: str, wheels: bool = True) -> subprocess.CompletedProcess[str]:
    variables = {"PIP_FIND_LINKS": str(checkout.parent / "wheels")} if wheels else {}
    return subprocess.run(
        [sys.executable, *(command or ("manage.py", "check"))],
        cwd=checkout,
        env=environment(checkout, **variables),
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_an_old_python_can_at_least_parse_it() -> None:
    ast.parse((REPOSITORY / "manage.py").read_text(), feature_version=(3, 6))


def test_commands_that_use_the_tests_get_the_packages_of_the_tests() -> None:
    commands = REPOSITORY / "console" / "management" / "commands"
    uses_tests = {path.stem for path in commands.glob("*.py") if "from tests." in path.read_text()}
    assert uses_tests, "bench and accept run what lies under tests/"
    assert uses_tests <= set(runpy.run_path(str(REPOSITORY / "manage.py"))["TEST_COMMANDS"])


def test_an_old_python_is_refused_in_one_line(checkout: Path) -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 10, 4); runpy.run_path('manage.py', run_name='__main__')"
    result = run(checkout, "-c", pretend)
    assert result.returncode == 1
    assert result.stderr == f"Odradek needs Python 3.11 or newer; this is 3.10.4 ({sys.executable}).\n"


def test_a_missing_venv_module_is_named_with_its_package(checkout: Path) -> None:
    result = run(checkout, "-c", RUN_BLOCKING.format(module="ensurepip"))
    assert result.returncode == 1
    assert "has no venv module" in result.stderr
    assert "apt install python3" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


@pytest.mark.processes
def test_without_a_package_index_one_line_says_so_and_the_next_run_begins_anew(checkout: Path) -> None:
    result = run(checkout, wheels=False)
    assert result.returncode == 1
    assert "no package index can be reached" in result.stderr
    assert result.stderr.count("\n") == 1
    result = run(checkout)
    assert result.returncode == 0, result.stderr
    assert f"ran ['check'] in {checkout}/.venv" in result.stdout


@pytest.mark.processes
def test_two_at_a_time_set_up_once_and_later_runs_only_run(checkout: Path) -> None:
    variables = environment(checkout, PIP_FIND_LINKS=str(checkout.parent / "wheels"))
    command = [sys.executable, "manage.py", "check"]
    both = [subprocess.Popen(command, cwd=checkout, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(output.count("Setting up") for output in outputs) == [0, 1]
    assert all(f"ran ['check'] in {checkout}/.venv" in output for output in outputs)
    again = run(checkout, wheels=False)
    assert again.stdout == f"ran ['check'] in {checkout}/.venv\n"


@pytest.mark.processes
def test_a_changed_lock_is_installed_again(checkout: Path) -> None:
    assert run(checkout).returncode == 0
    lock = checkout / "requirements.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    assert "Installing" not in run(checkout, wheels=False).stdout  # the packages are the same: seen, not installed
    lock.write_text(lock.read_text().replace("1.0", "1.1"))
    assert "no package index can be reached" in run(checkout, wheels=False).stderr


def test_packages_that_are_there_are_used_and_nothing_is_created(checkout: Path) -> None:
    django = subprocess.check_output([sys.executable, "-c", "import django; print(django.__version__)"], text=True)
    (checkout / "requirements.txt").write_text(f"django=={django.strip()} \\\n    --hash=sha256:00\n")
    result = run(checkout, "manage.py", "version", wheels=False)
    assert result.stdout == django
    assert not (checkout / ".venv").exists()


def test_a_package_with_a_marker_may_be_absent(checkout: Path) -> None:
    lock = checkout / "requirements.txt"
    lock.write_text('odradek-probe==1.0 ; platform_machine == "none" \\\n    --hash=sha256:00\n')
    assert run(checkout, "manage.py", "--has", "requirements.txt").returncode == 0
    lock.write_text("odradek-probe==1.0 \\\n    --hash=sha256:00\n")
    assert run(checkout, "manage.py", "--has", "requirements.txt").returncode == 1


@pytest.mark.parametrize("lock", ["requirements.txt", "tests/requirements.txt"])
def test_every_locked_package_has_a_version_and_hashes(lock: str) -> None:
    lines = (REPOSITORY / lock).read_text().splitlines()
    for line, following in itertools.pairwise(lines):
        assert line.startswith(("#", "    --hash=sha256:")) or ("==" in line and following.startswith("    --hash"))


def test_the_tests_run_on_the_packages_of_the_product() -> None:
    def pins(lock: str) -> dict[str, str]:
        lines = [line.split()[0] for line in (REPOSITORY / lock).read_text().splitlines() if "==" in line[:60]]
        return dict(line.split("==") for line in lines if "==" in line)

    product, tests = pins("requirements.txt"), pins("tests/requirements.txt")
    assert product
    assert {name: tests.get(name) for name in product} == product


@pytest.mark.parametrize("option", ["--d", "--dat", "--dat=elsewhere"])
def test_an_option_that_is_cut_short_is_not_another_data_directory(checkout: Path, option: str) -> None:
    refused = run(checkout, "manage.py", "check", option, "elsewhere")
    assert refused.returncode == 1 and refused.stdout.count("ran") == 0
    assert refused.stderr == f"{option.partition('=')[0]} is no option: write --data in full.\n"
