"""README's table of programs is the one that the tests speak of, and each of its claims has a test."""

import ast

from tests.engine.compat import compatibility_table, kafka_python_suite
from tests.tidy.tree import syntax, text

FOLDER = "tests/engine/compat/"


def test_readme_has_the_table_as_it_is_made():
    lines = text("README.md").splitlines()
    start = lines.index(compatibility_table.table()[0])
    end = lines.index("", start)
    assert lines[start:end] == compatibility_table.table(), (
        "print it: python -m tests.engine.compat.compatibility_table"
    )


def test_each_claim_has_a_test():
    for row in compatibility_table.ROWS:
        for claim, test in row.ran.items():
            module, _, name = test.partition("::")
            defined = {node.name for node in syntax(f"{FOLDER}{module}.py").body if isinstance(node, ast.FunctionDef)}
            assert name in defined, f"{row.program}, {claim}: {test} is not there"


def test_the_suite_of_kafka_python_is_of_the_locked_version():
    assert compatibility_table.locked("kafka-python") == kafka_python_suite.VERSION
