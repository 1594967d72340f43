"""Kafka's JSON definitions of messages, read from its jars and understood: development time only.

Traps of the definitions, each handled where it bites: JSON's `"default": null` means
that none is given, only the string `"null"` is null; a tagged field may leave out
`versions`; records default to null even where null is not allowed; a struct may be
declared inside a field or in `commonStructs`.

Not here: Python code for them (generate_code.py), modules and files (generate.py).
Spec: the README beside the definitions in Apache Kafka's source (clients, common/message).
"""

import copy
import json
import keyword
import re
import zipfile
from pathlib import Path
from struct import calcsize
from typing import Any

JARS = ("clients", "group-coordinator", "transaction-coordinator", "share-coordinator", "raft", "metadata")
DEFINITION = r"common/(message|metadata)/\w+\.json"  # where they lie in a jar
NEWEST = "32767"
# Kafka's types of fixed size and their struct codes
CODES = {
    "bool": "?",
    "int8": "b",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "float64": "d",
    "uuid": "16s",
}
PYTHON_TYPES = {
    "bool": "bool",
    "float64": "float",
    "uuid": "bytes",
    "string": "str",
    "bytes": "bytes",
    "records": "memoryview",
}
Json = dict[str, Any]


def snake(name: str) -> str:
    """Return a CamelCase name as Python writes it."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return name + "_" if keyword.iskeyword(name) else name


def version_range(text: str | None) -> range:
    """Parse '3', '2-5', '3+', 'none' or nothing."""
    if not text or text == "none":
        return range(0)
    low, _, high = text.replace("+", "-" + NEWEST).partition("-")
    return range(int(low), int(high or low) + 1)


class Field:
    """One field of a message or struct; also, as `element`, one element of an array."""

    def __init__(self, spec: Json, structs: "dict[str, list[Field]]") -> None:
        self.spec, self.structs = spec, structs
        self.name = snake(spec["name"])
        self.array: bool = spec["type"].startswith("[]")
        self.type: str = spec["type"].removeprefix("[]")
        self.version_text: str = spec.get("versions") or spec["taggedVersions"]
        self.versions = version_range(self.version_text)
        self.nullable = version_range(spec.get("nullableVersions"))
        self.tagged = version_range(spec.get("taggedVersions"))
        self.tag: int | None = spec.get("tag")
        self.ignorable: bool = spec.get("ignorable", False)
        self.never_flexible = spec.get("flexibleVersions") == "none"  # client_id of the request header
        if "fields" in spec:
            structs[self.type] = [Field(inner, structs) for inner in spec["fields"]]
        self.fixed = not self.array and self.type in CODES
        self.is_struct = self.type[0].isupper()
        # A tagged struct that cannot be null: None stands for "all defaults", so that none is built per partition.
        self.lazy = self.is_struct and not self.array and self.tag is not None and not self.nullable
        self.default = "None" if self.lazy else self._default()
        self.element = copy.copy(self)
        self.element.array, self.element.nullable = False, range(0)

    def _default(self) -> str:
        """Return the default value as Python source; DEFAULT stands for an empty list or a struct of defaults."""
        given = self.spec.get("default")
        text = "" if given is None else str(given)
        if text == "null" or self.type == "records":
            return "None"
        if self.array or self.is_struct:
            return "DEFAULT"
        if self.type == "bool":
            return str(text.lower() == "true")
        if self.type in ("string", "bytes", "uuid"):
            return {"string": repr(text), "bytes": "b''", "uuid": "bytes(16)"}[self.type]
        return str(int(text or "0", 0)) + (".0" if self.type == "float64" else "")

    @property
    def fields(self) -> "list[Field]":
        """The fields of the struct that this field holds."""
        return self.structs[self.type]

    def python_type(self, definition: "Definition", version: int | None = None) -> str:
        """Return its Python type: as an attribute, or as what one version may hold."""
        kind = definition.class_name(self.type) if self.is_struct else PYTHON_TYPES.get(self.type, "int")
        null = self.default == "None" or (version in self.nullable if version is not None else bool(self.nullable))
        return (f"list[{kind}]" if self.array else kind) + (" | None" if null else "")

    def comment(self) -> str:
        """Return what a reader of the class should know of it."""
        words = [("array of " if self.array else "") + self.type]
        if self.name.endswith("_ms"):
            words.append("milliseconds")
        words.append(f"versions {self.version_text}")
        if self.nullable:
            words.append(f"null in {self.spec['nullableVersions']}")
        if self.tag is not None:
            words.append(f"tag {self.tag}")
        if self.lazy:
            words.append("None: all defaults")
        if self.ignorable:
            words.append("ignorable")
        if self.spec.get("mapKey"):
            words.append("key")
        if "entityType" in self.spec:
            words.append(f"entity {self.spec['entityType']}")
        return ", ".join(words)

    def bytes_min(self, version: int, flexible: bool) -> int:
        """Return how many bytes a value takes at least: what an array's count is checked against."""
        if self.array:
            return 1 if flexible else 4
        if self.type in CODES:
            return calcsize(">" + CODES[self.type])
        if self.is_struct:
            return 1 if version in self.nullable else struct_bytes_min(self.fields, version, flexible)
        if flexible and not self.never_flexible:
            return 1
        return 2 if self.type == "string" else 4


def struct_bytes_min(fields: list[Field], version: int, flexible: bool) -> int:
    """Return how many bytes a struct takes at least."""
    present = [field for field in fields if version in field.versions and version not in field.tagged]
    return sum(field.bytes_min(version, flexible) for field in present) + flexible


class Definition:
    """One message: name, fields, structs, versions."""

    def __init__(self, spec: Json) -> None:
        self.spec = spec
        self.name: str = spec["name"]
        self.key: int | None = spec.get("apiKey")
        self.kind: str = spec["type"]
        self.versions = version_range(spec["validVersions"])
        self.flexible = version_range(spec.get("flexibleVersions"))
        self.structs: dict[str, list[Field]] = {}
        for common in spec.get("commonStructs", ()):
            self.structs[common["name"]] = [Field(inner, self.structs) for inner in common["fields"]]
        self.fields = [Field(inner, self.structs) for inner in spec.get("fields", ())]
        self.class_names: dict[str, str] = {}  # where another message of the module has a struct of that name

    def class_name(self, struct: str) -> str:
        """Return the Python class for one of its structs."""
        return self.class_names.get(struct, struct)

    @property
    def function_name(self) -> str:
        """What follows `encode_` and `decode_`."""
        return self.kind if self.kind in ("request", "response") else snake(self.name)

    @property
    def version_text(self) -> str:
        """Its versions for people: '0-4', or '0'."""
        first, last = self.versions[0], self.versions[-1]
        return str(first) if first == last else f"{first}-{last}"


def read_definitions(jars: Path) -> tuple[list[tuple[str, Definition]], str]:
    """Return every definition with the jar it came from, and Kafka's version."""
    found: list[tuple[str, Definition]] = []
    release = ""
    for name in JARS:
        (path,) = [
            candidate
            for candidate in jars.glob(f"kafka-{name}-*.jar")
            if re.fullmatch(rf"kafka-{name}-[\d.]+\.jar", candidate.name)
        ]
        release = path.stem.rpartition("-")[2]
        with zipfile.ZipFile(path) as jar:
            entries = [entry for entry in sorted(jar.namelist()) if re.fullmatch(DEFINITION, entry)]
            texts = [without_comments(jar.read(entry).decode()) for entry in entries]
        found += [(name, Definition(json.loads(text))) for text in texts]
    return found, release


def without_comments(text: str) -> str:
    """Drop // comments, which Kafka's JSON has and JSON has not, but not those inside strings."""
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda match: match[1] or "", text)
