"""Words that open holes: each gate is a search over the product, with a list of reviewed exceptions beside it."""

import ast
import re

import pytest

from tests.tidy.tree import python_files, spoken, syntax, text, tracked, under

WEB = ("console/", "sandbox/", "templates/", "static/js/")
PRODUCT = ("engine/", "console/", "sandbox/")
SCRIPT_TAG = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<inside>.*?)</script>", re.DOTALL | re.IGNORECASE)

# Reviewed: (file, what is allowed there, why).
RAW_HTML_ALLOWED = ()
EVALUATION_ALLOWED = (
    ("engine/", "re.compile(", "a regular expression"),
    ("console/", "re.compile(", "a regular expression"),
    ("sandbox/", "re.compile(", "a regular expression"),
)
PICKLE_ALLOWED = (
    ("engine/simulation/snapshots.py", "pickle", "the world copies itself; it reads only what it signed"),
)


def hits(pattern, paths, allowed=()):
    """Return the lines in which a pattern is found, those that were reviewed left out."""
    found = []
    for path in paths:
        for number, line in enumerate(text(path).splitlines(), 1):
            if re.search(pattern, line) and not any(
                path.startswith(where) and what in line for where, what, _ in allowed
            ):
                found.append(f"{path}:{number}: {line.strip()[:120]}")
    return found


def readable(*prefixes):
    """Return the tracked text files of our own below these folders."""
    return [path for path in under(*prefixes) if path.endswith((".py", ".html", ".js", ".css", ".txt", ".svg", ".md"))]


def test_g1_nothing_writes_raw_html():
    # hx-swap and htmx's `swap:` and `swapStyle:` name a way of replacing an element by HTML that our own server
    # rendered and escaped.
    pattern = r"(?<!swap=\")(?<!swap: \")(?<!swapStyle: \")(innerHTML|outerHTML)"
    pattern += r"|insertAdjacentHTML|document\.write|\|\s*safe\b|mark_safe|autoescape off"
    found = hits(pattern, readable(*WEB), RAW_HTML_ALLOWED)
    assert not found, "\n".join(found)


def calls(path):
    """Yield each call of a Python file with the last part of what is called."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Call):
            yield node, getattr(node.func, "attr", getattr(node.func, "id", ""))


def is_literal(node):
    """Whether an expression is one of texts written here."""
    if isinstance(node, ast.IfExp):
        return is_literal(node.body) and is_literal(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", python_files("console/", "sandbox/"))
def test_g1_html_is_made_of_literals_and_escaped_parts(path):
    """`format_html` escapes its arguments, not its first; SafeString and its kin take nothing but what is safe."""
    found = []
    for node, name in calls(path):
        if name in ("format_html", "format_html_join") and not is_literal(node.args[name == "format_html_join"]):
            found.append(spoken(path, node, "the form of HTML is not a literal"))
        if name in ("mark_safe", "SafeString", "SafeText") and node.args:
            found.append(spoken(path, node, f"{name} of something"))
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.FunctionDef) and node.name == "__html__":
            found.append(spoken(path, node, "a class that calls itself safe"))
    assert not found, "\n".join(found)


EVALUATES = {"eval", "exec", "compile", "__import__"}
LOADS = {"pickle", "marshal", "shelve", "jsonpickle", "dill", "cloudpickle", "imp"}


@pytest.mark.parametrize("path", python_files(*PRODUCT))
def test_g2_g3_no_call_evaluates_loads_objects_or_runs_a_shell(path):
    """The same gates on the tree of syntax: no other spelling and no line break gets round them."""
    found = []
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Name) and node.id in EVALUATES:
            found.append(spoken(path, node, node.id))
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.split(".")[0] in LOADS and not any(path == where for where, _, _ in PICKLE_ALLOWED):
                found.append(spoken(path, node, f"import of {name}"))
    for node, name in calls(path):
        shell = [word for word in node.keywords if word.arg == "shell"]
        if any(not (isinstance(word.value, ast.Constant) and word.value.value is False) for word in shell):
            found.append(spoken(path, node, "a shell"))
        if name in ("system", "popen") and getattr(getattr(node.func, "value", None), "id", "") == "os":
            found.append(spoken(path, node, f"os.{name}"))
    assert not found, "\n".join(found)


def test_g2_nothing_evaluates_text_as_code():
    pattern = r"\b(eval|exec|__import__)\(|(^|[^.\w])compile\("
    found = hits(pattern, [path for path in readable(*PRODUCT) if path.endswith(".py")], EVALUATION_ALLOWED)
    assert not found, "\n".join(found)


def test_g3_nothing_loads_objects_from_bytes_and_no_shell_runs():
    pattern = r"\b(pickle|marshal|shelve|jsonpickle|dill)\b|yaml\.load\(|shell=True"
    found = hits(pattern, [path for path in readable(*PRODUCT) if path.endswith(".py")], PICKLE_ALLOWED)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", under("templates/", suffix=".html"))
def test_templates_have_no_inline_script_and_no_inline_style(path):
    """The content security policy forbids them; data for scripts is JSON that the browser does not run."""
    for tag in SCRIPT_TAG.finditer(text(path)):
        is_data = "application/json" in tag["attributes"]
        assert is_data or not tag["inside"].strip(), f"{path}: a script with text of its own"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text(path)), f"{path}: an event attribute"
    assert not re.search(r"<style\b|\sstyle\s*=", text(path)), f"{path}: inline style"
    assert not re.search(r"javascript:|hx-on\b|hx-on:|hx-vars|hx-vals=[\"']js:", text(path)), (
        f"{path}: script in an attribute"
    )


@pytest.mark.parametrize("path", under("templates/", suffix=".html"))
def test_pages_load_nothing_from_elsewhere(path):
    assert not re.search(r"(src|href)\s*=\s*[\"'](https?:)?//(?!www\.w3\.org)", without_links(text(path))), path


def without_links(page):
    """Drop plain links, which a reader follows by will."""
    return re.sub(r"<a\b[^>]*>", "", page)


def test_scripts_are_modules_without_evaluation():
    found = hits(r"\bnew Function\(|\beval\(|setTimeout\(\s*[\"']|\.style\.cssText", readable("static/js/"))
    assert not found, "\n".join(found)


def test_vendored_files_are_what_their_list_says():
    import hashlib

    from tests.tidy.tree import ROOT

    listed = {}
    for line in text("static/vendor/VERSIONS").splitlines():
        if line and not line.startswith("#"):
            listed[line.split()[0]] = line.rpartition("sha256:")[2].strip()
    there = {path.removeprefix("static/vendor/") for path in tracked() if path.startswith("static/vendor/")} - {
        "VERSIONS"
    }
    assert there == set(listed), "static/vendor and its VERSIONS name different files"
    for name, digest in listed.items():
        assert hashlib.sha256((ROOT / "static/vendor" / name).read_bytes()).hexdigest() == digest, name


def test_the_gates_on_syntax_find_what_is_planted(tmp_path, monkeypatch):
    from tests.tidy import tree

    monkeypatch.setattr(tree, "ROOT", tmp_path)
    planted = {
        "raw.py": "from django.utils.safestring import SafeString\nx = SafeString(\n    text)\n",
        "form.py": "y = format_html('<b>' + name)\n",
        "run.py": "import pickle as p\nsubprocess.run(line,\n  shell=True)\ne = eval\n",
    }
    for name, code in planted.items():
        (tmp_path / name).write_text(code)
    for name in ("raw.py", "form.py"):
        with pytest.raises(AssertionError):
            test_g1_html_is_made_of_literals_and_escaped_parts(name)
    with pytest.raises(AssertionError, match=r"(?s)eval.*pickle.*shell"):
        test_g2_g3_no_call_evaluates_loads_objects_or_runs_a_shell("run.py")
