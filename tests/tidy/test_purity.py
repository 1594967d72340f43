"""Machines touch the world only through what they are given: what import contracts cannot see.

Built-ins that reach outside, whatever depends on addresses or hash order, and state at
module level are found in the syntax trees of the pure packages.
"""

import ast

import pytest

from tests.tidy.tree import PRODUCT, ROOT, pure_files, python_files, spoken, syntax, text

OUTSIDE = ("open", "print", "input", "id", "hash", "breakpoint", "exec", "eval", "globals", "vars", "set")
MUTABLE_CALLS = ("list", "dict", "set", "bytearray", "deque", "defaultdict", "OrderedDict", "Counter", "array")
CHANGING_METHODS = (
    "append",
    "add",
    "update",
    "pop",
    "clear",
    "setdefault",
    "extend",
    "insert",
    "remove",
    "popleft",
    "appendleft",
    "discard",
)


def test_pure_packages_call_nothing_of_the_world():
    found = []
    for path in pure_files():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE:
                found.append(spoken(path, node, f"{node.func.id}("))
    assert not found, "\n".join(found)


def test_pure_packages_have_no_sets_whose_order_is_nobodys():
    found = []
    for path in pure_files():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.SetComp):
                found.append(spoken(path, node, "a set comprehension: use a dict with None values"))
            elif isinstance(node, ast.Set) and not only_asked(path, node):
                found.append(spoken(path, node, "a set: use a tuple, or a dict with None values"))
            elif isinstance(node, ast.AnnAssign) and "set[" in ast.unparse(node.annotation).replace("frozenset[", ""):
                found.append(spoken(path, node, "a set in state"))
    assert not found, "\n".join(found)


def only_asked(path, node):
    """Say whether a set display stands on the right of `in`, or is a constant that nobody can change."""
    for parent in ast.walk(syntax(path)):
        if isinstance(parent, ast.Compare) and node in parent.comparators:
            return True
        if isinstance(parent, ast.Call) and node in parent.args and ast.unparse(parent.func) == "frozenset":
            return True
    return False


def test_pure_packages_have_no_state_at_module_level():
    """Constant tables may be dicts and lists; nothing may change them, and names in lower case are no constants."""
    found = []
    for path in pure_files():
        tables = module_level_tables(path)
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Global | ast.Nonlocal):
                found.append(spoken(path, node, "global or nonlocal"))
            name = changed_name(node)
            if name in tables and node.lineno > tables[name] and inside_function(path, node):
                found.append(spoken(path, node, f"{name} is a table of the module and is changed"))
        for name, line in tables.items():
            if not name.strip("_").isupper() and not name.startswith("__"):
                found.append(f"{path}:{line}: {name} is mutable and not named as a constant")
    assert not found, "\n".join(found)


def module_level_tables(path):
    """Return the mutable values that a module defines at its top: name -> line."""
    tables = {}
    for node in syntax(path).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None and mutable(node.value):
                tables[target.id] = node.lineno
    return tables


def mutable(value):
    """Say whether an expression builds something that can be changed."""
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in MUTABLE_CALLS


def changed_name(node):
    """Return the plain name that a statement changes in place, if it does."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING_METHODS:
        target = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def inside_function(path, node):
    """Say whether a node lies in a function; tables may be filled while their module is loaded."""
    return any(
        isinstance(function, ast.FunctionDef) and function.lineno < node.lineno <= (function.end_lineno or 0)
        for function in ast.walk(syntax(path))
    )


def test_pure_packages_have_no_await_and_no_generator_in_state():
    found = []
    for path in pure_files():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
                found.append(spoken(path, node, "await exists only in shells"))
            if isinstance(node, ast.Lambda) and assigned_to_attribute(path, node):
                found.append(spoken(path, node, "a function in state"))
    assert not found, "\n".join(found)


def assigned_to_attribute(path, node):
    """Say whether an expression is stored in an object."""
    return any(
        isinstance(parent, ast.Assign) and parent.value is node and isinstance(parent.targets[0], ast.Attribute)
        for parent in ast.walk(syntax(path))
    )


def test_no_bare_except_and_nothing_swallowed_whole():
    found = []
    for path in python_files(*PRODUCT, "manage.py"):
        for node in ast.walk(syntax(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "" if node.type is None else ast.unparse(node.type)
            if not caught:
                found.append(spoken(path, node, "bare except"))
            elif caught in ("Exception", "BaseException") and all(isinstance(step, ast.Pass) for step in node.body):
                found.append(spoken(path, node, f"except {caught}: pass"))
    assert not found, "\n".join(found)


def test_imports_for_annotations_stay_within_one_package():
    """The import contracts leave out what stands under `if TYPE_CHECKING:`."""
    found = []
    for path in python_files(*PRODUCT):
        package = ".".join(path.split("/")[:2]).removesuffix(".py")
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                for inner in node.body:
                    module = inner.module if isinstance(inner, ast.ImportFrom) else ""
                    if (
                        module
                        and module.startswith(("engine.", "console.", "sandbox."))
                        and not module.startswith(package)
                    ):
                        found.append(spoken(path, inner, f"{module} only for annotations, across packages"))
    assert not found, "\n".join(found)


SANS_IO = ("console.rest.core", "console.registry.core", "console.search.language", "sandbox.lifecycle")
RUN_IN_WORLDS = ("sandbox.limits", "sandbox.checks", "sandbox.feed.frames", "sandbox.runner")


@pytest.mark.parametrize("module", [*SANS_IO, *RUN_IN_WORLDS])
def test_what_must_be_sans_io_comes_with_its_contract(module):
    """These do not exist from the start; whoever adds one puts it under an import contract in the same commit."""
    path = ROOT / module.replace(".", "/")
    if path.exists() or path.with_suffix(".py").exists():
        assert f'"{module}"' in text("pyproject.toml")
