"""Files and functions stay small, named after what they hold, and say what they are."""

import ast
import re
from pathlib import PurePath

from tests.tidy.tree import PRODUCT, ROOT, python_files, spoken, syntax, text, tracked, under

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
# Reviewed: what every record passes through. A call costs as much there as ten of these lines.
HOT_FUNCTION_LINES_MAX = 70
HOT_FUNCTIONS = (
    ("engine/storage/log.py", "append"),
    ("engine/broker/connections.py", "read_requests"),
    ("engine/broker/handlers/produce.py", "handle"),
    ("engine/broker/handlers/produce.py", "append_one"),
    ("engine/broker/produce_runs.py", "find_run"),
)
SCRIPT_LINES_MAX = 60  # one behaviour per file (style: small CSS and JS)
VAGUE_NAMES = ("utils", "util", "helpers", "helper", "common", "misc", "stuff", "shared_code")
# What section 5 of the design's style page says instead is in ARCHITECTURE.md's glossary.
BANNED_WORDS = {
    "journal": "log",
    "opcode": "api_key",
    "request_id": "correlation_id",
    "master": "leader",
    "slave": "follower",
    "msg": "message, or record",
    "hwm": "high_watermark",
    "leo": "log_end_offset",
    "lso": "last_stable_offset or log_start_offset",
}
WORD_IN_NAME = re.compile(r"[a-z0-9]+")


def test_files_are_at_most_400_lines():
    long = [
        f"{path}: {count} lines" for path in python_files() if (count := len(text(path).splitlines())) > FILE_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_functions_are_at_most_50_lines():
    long = []
    for path in python_files(*PRODUCT, "manage.py"):
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                hot = (path, node.name) in HOT_FUNCTIONS
                if count > (HOT_FUNCTION_LINES_MAX if hot else FUNCTION_LINES_MAX):
                    long.append(spoken(path, node, f"{node.name} has {count} lines"))
    assert not long, "\n".join(long)


def test_every_module_says_in_its_first_line_what_it_is():
    silent = [
        path
        for path in python_files(*PRODUCT, "manage.py")
        if not (ast.get_docstring(syntax(path)) or "").partition("\n")[0].rstrip().endswith((".", ":", "?"))
    ]
    assert not silent, "no docstring whose first line is a sentence:\n" + "\n".join(silent)


def test_public_classes_and_functions_have_docstrings():
    silent = []
    for path in python_files("engine/"):
        for node in syntax(path).body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(spoken(path, node, node.name))
    assert not silent, "\n".join(silent)


def test_no_file_has_a_name_that_says_nothing():
    vague = [path for path in tracked() if any(part in VAGUE_NAMES for part in PurePath(path).with_suffix("").parts)]
    assert not vague, "\n".join(vague)


def test_no_folder_at_the_top_that_is_not_in_the_tree():
    expected = {"engine", "console", "sandbox", "templates", "static", "tests", ".ci"}
    folders = {path.partition("/")[0] for path in tracked() if "/" in path}
    assert folders <= expected, sorted(folders - expected)


def test_the_engine_says_one_word_for_one_thing():
    found = []
    for path in python_files("engine/"):
        for node, name in names(syntax(path)):
            words = WORD_IN_NAME.findall(name.lower())
            for banned, instead in BANNED_WORDS.items():
                if banned in words or ("_" in banned and banned in name.lower()):
                    found.append(spoken(path, node, f"{name}: say {instead}"))
    assert not found, "\n".join(found)


def names(tree):
    """Give every name that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr


def test_each_core_module_and_each_handler_has_its_own_test_file():
    missing = []
    for path in python_files("engine/core/", "engine/broker/handlers/"):
        module = PurePath(path)
        if module.name == "__init__.py" or only_declares(path):
            continue
        test = PurePath("tests") / module.parent / f"test_{module.name}"
        if not (ROOT / test).is_file():
            missing.append(f"{path} lacks {test}")
    assert not missing, "\n".join(missing)


def only_declares(path):
    """Say whether a module has no behaviour: constants, protocols, and classes without methods."""
    for node in syntax(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        if isinstance(node, ast.ClassDef):
            protocol = any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
            if not protocol and any(isinstance(inner, ast.FunctionDef) for inner in node.body):
                return False
    return True


def test_a_script_is_one_small_behaviour():
    long = [
        f"{path}: {count} lines"
        for path in under("static/js/behaviors/", suffix=".js")
        if (count := len(text(path).splitlines())) > SCRIPT_LINES_MAX
    ]
    assert not long, "\n".join(long)
