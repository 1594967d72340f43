"""What the tidy tests look at: the files that git tracks or would track, and Python files as trees of syntax."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("engine/wire/messages/", "engine/wire/record_types/", "engine/wire/headers.py", "engine/wire/catalog.py")
PURE = ("engine/wire/", "engine/core/", "engine/storage/", "engine/broker/", "engine/client/")
MADE_HERE = ("__pycache__", "static-collected")
PRODUCT = ("engine/", "console/", "sandbox/")


@cache
def tracked() -> tuple[str, ...]:
    """Return the paths of all files that belong to the project: as git sees them, or all where there is no git."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        paths = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*"))
        ours = (path for path in paths if path.startswith(".ci/") or not path.startswith("."))
        candidates = [path for path in ours if not any(part in path.split("/") for part in MADE_HERE)]
    else:
        candidates = listed.split("\0")
    return tuple(sorted(path for path in candidates if path and (ROOT / path).is_file()))


def git(*arguments: str) -> str | None:
    """Return what git says of this tree; None where there is no git, or no repository that it trusts."""
    try:
        run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.decode()


def under(*prefixes: str, suffix: str = "") -> list[str]:
    """Return the tracked paths below these folders, generated ones left out."""
    return [
        path
        for path in tracked()
        if path.startswith(prefixes) and path.endswith(suffix) and not path.startswith(GENERATED)
    ]


def python_files(*prefixes: str) -> list[str]:
    """Return hand-written Python below these folders; migrations are written by Django."""
    return [path for path in under(*(prefixes or ("",)), suffix=".py") if "/migrations/" not in path]


def pure_files() -> list[str]:
    """Return the hand-written modules that must not touch the world; the generator is no part of them."""
    return [path for path in python_files(*PURE) if not path.startswith("engine/wire/generate")]


@cache
def text(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def syntax(path: str) -> ast.Module:
    """Return a Python file's tree."""
    return ast.parse(text(path), path)


def spoken(path: str, node: ast.AST, what: str) -> str:
    """Return one finding as people read it."""
    return f"{path}:{getattr(node, 'lineno', 1)}: {what}"
