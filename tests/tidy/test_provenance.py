"""Nothing in the tree says on whose machine, from which mirror or with which help it was made."""

import re

import pytest

from tests.tidy.tree import git, text, tracked

BINARY = (
    ".png",
    ".jpg",
    ".gif",
    ".ico",
    ".woff2",
    ".bin",
    ".gz",
    ".zip",
    ".pyc",
    ".sqlite3",
    ".log",
    ".index",
    ".timeindex",
)
# Each is put together here, so that this file does not contain what it forbids.
HOME_FOLDERS = "|".join(("home", "Users", "root", "work"))
MACHINE_PATH = re.compile(rf"(?<![\w.:}}/])/({HOME_FOLDERS})/[a-z0-9_.-]+", re.IGNORECASE)
TEMPORARY_PATH = re.compile("/" + r"tmp/[a-z]")
MIRROR = re.compile(
    "index" + "-url|" + "trusted" + r"-host|find" + r"-links|//[^\s\"'/]+/(?:[\w./-]*/)?simple\b", re.IGNORECASE
)
OFFICIAL_INDEX = "pypi.org"


def lines_of_text():
    """Give (path, number, line) of every tracked text file that people wrote."""
    for path in tracked():
        if not path.endswith(BINARY) and not path.startswith("static/vendor/"):
            try:
                lines = text(path).splitlines()
            except UnicodeDecodeError:
                continue
            for number, line in enumerate(lines, 1):
                yield path, number, line


def findings(pattern, allowed=()):
    """Return where a pattern is found."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, number, line in lines_of_text()
        if pattern.search(line) and not any(word in line for word in allowed)
    ]


def test_no_file_names_a_folder_of_somebodys_machine():
    found = findings(MACHINE_PATH)
    assert not found, "\n".join(found)


def test_no_file_names_a_temporary_folder():
    """Tests use tmp_path; the product asks the operating system."""
    found = findings(TEMPORARY_PATH)
    assert not found, "\n".join(found)


def test_no_file_names_a_mirror_of_packages():
    found = findings(MIRROR, (OFFICIAL_INDEX,))
    assert not found, "\n".join(found)


def test_no_secret_and_no_data_is_tracked():
    private = [path for path in tracked() if path.startswith(".data/") or path.endswith((".pem", ".key", ".env"))]
    assert not private, private


def test_locked_packages_carry_hashes():
    for path in ("requirements.txt", "tests/requirements.txt"):
        if path not in tracked():
            continue
        joined = re.sub(r"\\\n", " ", text(path))
        for line in joined.splitlines():
            if re.match(r"[A-Za-z0-9]", line):
                assert "--hash=sha256:" in line, f"{path}: {line[:80]}"


def test_the_tree_is_whole_in_git():
    """A file that only lies in the working folder is missing for everybody else."""
    ignored = git("ls-files", "--others", "--ignored", "--exclude-standard", "--", "engine", "console", "sandbox")
    if ignored is None:
        pytest.skip("this tree is not in a git repository")
    kept_out = [path for path in ignored.splitlines() if "__pycache__" not in path]
    assert not kept_out, kept_out
