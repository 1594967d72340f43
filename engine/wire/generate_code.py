"""The lines of one encoder or decoder: straight-line Python for one message in one version.

Runs of fields of fixed size become one struct call. Whatever a frame says about
lengths is checked by the primitives against the bytes that remain, before anything is
built from it. Development time only.

Traps handled here: the null marker of a nullable struct is int8 -1 or 1, but an
unsigned varint 0 or 1 inside a tagged field; a field that a version lacks, is not
ignorable and is not at its default makes the message unencodable in that version.

Not here: classes, tables, imports of a module (generate_module.py), what the
primitives do (primitives.py).
"""

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from struct import calcsize

from engine.wire.generate_schema import CODES, Definition, Field

Path = tuple[str, ...]  # names of the fields from the message down to here
# Names that generated functions use themselves; a field of such a name gets another local.
RESERVED: tuple[str, ...] = (
    "view",
    "p",
    "end",
    "out",
    "message",
    "n",
    "text",
    "tags",
    "tag",
    "size",
    "count",
    "string",
)
RESERVED += ("uvarint", "varint", "varlong", "len", "list", "range", "bytes", "bytearray")


class Needs:
    """What the functions of one module use, gathered while they are written."""

    def __init__(self) -> None:
        self.names = {"Message"}  # of primitives.py
        self.formats: set[tuple[str, str]] = set()  # (name, struct codes)
        self.many: set[tuple[str, str]] = set()  # (Kafka's type, method of Struct)


class Body(ABC):
    """What encoders and decoders have in common: lines, indentation, free names, runs of fixed fields."""

    def __init__(self, definition: Definition, version: int, needs: Needs) -> None:
        self.definition, self.version, self.needs = definition, version, needs
        self.flexible = version in definition.flexible
        self.lines: list[str] = []
        self.indent = 1
        self.run: list[tuple[str, str]] = []  # (struct code, expression or target) not yet written
        self.locals = set(RESERVED)

    def put(self, *lines: str) -> None:
        """Write lines, after the run that is pending."""
        self.flush()
        self.lines += ["    " * self.indent + line for line in lines]

    @contextlib.contextmanager
    def block(self, *heads: str) -> Iterator[None]:
        """Indent what is written inside."""
        self.put(*heads)
        self.indent += 1
        yield
        self.flush()
        self.indent -= 1

    def block_if(self, condition: bool, head: str) -> contextlib.AbstractContextManager[None]:
        """Indent only where there is a condition to check."""
        return self.block(head) if condition else contextlib.nullcontext()

    def local(self, *words: str) -> str:
        """Return a free local name: the field's own, else with its parents' before it, else with an underscore."""
        candidates = ["_".join(words[-count:]) for count in range(1, len(words) + 1)]
        name = next((candidate for candidate in candidates if candidate not in self.locals), candidates[-1])
        while name in self.locals:
            name += "_"
        self.locals.add(name)
        return name

    def use(self, name: str) -> str:
        """Note that a primitive is needed."""
        self.needs.names.add(name)
        return name

    def primitive(self, field: Field, what: str, prefix: str = "", null: bool | None = None) -> str:
        """Return the primitive for a field's string, bytes or count; its name says compact and nullable."""
        if null is None:
            null = self.version in field.nullable
        compact = self.flexible and not field.never_flexible
        return self.use(prefix + ("compact_" if compact else "") + ("nullable_" if null else "") + what)

    def many(self, field: Field, method: str) -> str:
        """Return the table of functions for n values of one type."""
        self.needs.many.add((field.type, method))
        return f"{method.removesuffix('_from').upper()}_{field.type.upper()}S"

    def flush(self) -> None:
        """Write the run of fields of fixed size that was gathered."""
        run, self.run = self.run, []
        if run:
            codes = "".join(code for code, _ in run)
            name = codes.replace("?", "o").replace("16s", "u")
            self.needs.formats.add((name, codes))
            self.put(*self.fixed(name, calcsize(">" + codes), [expression for _, expression in run]))

    @abstractmethod
    def fixed(self, name: str, size: int, expressions: list[str]) -> list[str]:
        """Return the lines for a run of fixed fields."""

    def tagged_fields(self, fields: list[Field]) -> list[Field]:
        """Return those that are tagged in this version; the definitions list some out of order."""
        return sorted((field for field in fields if self.version in field.tagged), key=lambda field: field.tag or 0)


class Encoder(Body):
    """`message` onto the end of `out`."""

    def fixed(self, name: str, size: int, expressions: list[str]) -> list[str]:
        """Return the lines for a run of fixed fields."""
        return ["out.append(0)" if expressions == ["0"] else f"out += pack_{name}({', '.join(expressions)})"]

    def build(self) -> list[str]:
        """Return the function's lines."""
        self.struct(self.definition.fields, "message", ())
        self.flush()
        return self.lines or ["    pass"]

    def struct(self, fields: list[Field], at: str, path: Path) -> None:
        """Write the fields of the object that the expression `at` names."""
        tagged = self.tagged_fields(fields)
        for field in fields:
            value = f"{at}.{field.name}"
            if self.version in field.versions and field not in tagged:
                self.field(field, value, path)
            elif self.version not in field.versions and not field.ignorable:
                with self.block(f"if {self.differs(field, value)}:"):
                    self.refuse((*path, field.name), "is not in this version")
        if tagged:
            self.tags(tagged, at, path)
        elif self.flexible:
            self.run.append(("B", "0"))

    def refuse(self, path: Path, why: str) -> None:
        """Write that the message cannot be encoded."""
        self.put(f"raise {self.use('Unencodable')}('{'.'.join(path)} {why}')")

    def tags(self, tagged: list[Field], at: str, path: Path) -> None:
        """Write the tagged fields that are not at their defaults, each into bytes of its own first."""
        extra = self.local("tagged_" + (path[-1] if path else "fields"))
        self.put(f"{extra} = []")
        for field in tagged:
            value, outer = f"{at}.{field.name}", self.local("outer")
            with self.block(f"if {self.differs(field, value)}:", f"    {outer}, out = out, bytearray()"):
                self.field(field, value, path)
                self.put(f"{extra}.append(({field.tag}, out))", f"out = {outer}")
        self.put(f"if {extra}:", f"    {self.use('put_tags')}(out, {extra})", "else:", "    out.append(0)")

    def differs(self, field: Field, value: str) -> str:
        """Return the condition that a field is not at its default."""
        if field.lazy or (field.default == "DEFAULT" and not field.array):
            given = f"{value} is not None and " if field.lazy else ""
            return f"{given}{value} != {self.definition.class_name(field.type)}()"
        if field.default in ("DEFAULT", "b''"):
            return f"{value} is None or {value}" if field.nullable else value
        if field.type == "bool":
            return f"not {value}" if field.default == "True" else value
        return f"{value} is not None" if field.default == "None" else f"{value} != {field.default}"

    def field(self, field: Field, value: str, path: Path) -> None:
        """Write one field that this version has."""
        path, null = (*path, field.name), self.version in field.nullable
        if not null and not field.lazy and "None" in field.python_type(self.definition):
            with self.block(f"if {value} is None:"):
                self.refuse(path, "is null")
        if field.fixed:
            self.run.append((CODES[field.type], value))
        elif field.type == "string" and not field.array:
            self.put(f"{self.primitive(field, 'string', 'put_')}(out, {value})")
        elif not null:
            self.present(field, value, path)
        else:
            with self.block(f"if {value} is None:"):
                self.put(self.null_marker(field))
            with self.block("else:"):
                self.present(field, value, path)

    def null_marker(self, field: Field) -> str:
        """Return the line that writes null."""
        if field.is_struct and not field.array and self.version not in field.tagged:
            return "out.append(255)"
        return "out.append(0)" if self.flexible else "out += b'\\xff\\xff\\xff\\xff'"

    def present(self, field: Field, value: str, path: Path) -> None:
        """Write an array, struct or bytes that is not null."""
        if field.array:
            self.array(field, value, path)
        elif field.is_struct:
            if self.version in field.nullable:
                self.run.append(("B", "1"))
            self.struct(field.fields, value, path)
        else:
            self.put(f"{self.primitive(field, 'bytes', 'put_', False)}(out, {value})")

    def array(self, field: Field, value: str, path: Path) -> None:
        """Write a count and the elements."""
        if field.type in CODES:
            self.put(f"{self.primitive(field, 'many', 'put_', False)}(out, {value}, {self.many(field, 'pack')})")
            return
        singular = re.sub("([^s])s$", r"\1", re.sub("ies$", "y", field.name))
        item = self.local(*path[:-1], singular if field.name.endswith("s") else singular + "_item")
        if self.flexible:
            self.put(f"{self.primitive(field, 'count', 'put_', False)}(out, len({value}))")
        else:
            self.run.append(("i", f"len({value})"))
        with self.block(f"for {item} in {value}:"):
            if field.is_struct:
                self.struct(field.fields, item, path)
            else:
                self.put(f"{self.primitive(field, 'string', 'put_', False)}(out, {item})")


class Decoder(Body):
    """The message at `p` in `view`, and the position after it."""

    def fixed(self, name: str, size: int, expressions: list[str]) -> list[str]:
        """Return the lines for a run of fixed fields."""
        comma = "," if len(expressions) == 1 else ""
        return [f"{', '.join(expressions)}{comma} = unpack_{name}(view, p)", f"p += {size}"]

    def build(self) -> list[str]:
        """Return the function's lines."""
        self.put("end = len(view)")
        result = self.struct(self.definition.fields, self.definition.name, ())
        self.put(f"return {result}, p")
        needs_end = re.search(r"\bend\b", "".join(self.lines[1:]))
        return self.lines if needs_end else self.lines[1:]

    def byte(self, name: str) -> None:
        """Read the next byte, in one step with the run before it."""
        if self.run:
            self.run.append(("B", name))
            self.flush()
        else:
            self.put(f"{name} = view[p]", "p += 1")

    def struct(self, fields: list[Field], name: str, path: Path) -> str:
        """Read the fields; return the expression that builds the object."""
        tagged, arguments = self.tagged_fields(fields), []
        for field in fields:
            arguments.append(self.local(*path, field.name) if self.version in field.versions else field.default)
            if self.version in field.versions and field not in tagged:
                self.field(field, arguments[-1], path)
        if self.flexible:
            self.byte("tags")
            if tagged:
                self.tags([(field, arguments[fields.index(field)]) for field in tagged], path)
            else:
                self.put("if tags:", f"    p = {self.use('skip_tags')}(view, p - 1, end)")
        self.flush()
        while arguments and arguments[-1] == fields[len(arguments) - 1].default:
            arguments.pop()
        return f"{self.definition.class_name(name)}({', '.join(arguments)})"

    def tags(self, tagged: list[tuple[Field, str]], path: Path) -> None:
        """Read tagged fields: those that are known into their locals, the others are stepped over."""
        stop = self.local("tag_end")
        where = ".".join((self.definition.name, *path))
        bad = f"    raise {self.use('Malformed')}('tagged field of {where}')"
        self.put(*(f"{target}{self.hint(field)} = {field.default}" for field, target in tagged))
        with (
            self.block("if tags:", f"    tags, p = {self.use('uvarint')}(view, p - 1)"),
            self.block("for _ in range(tags):"),
        ):
            self.put("tag, p = uvarint(view, p)", "size, p = uvarint(view, p)", f"{stop} = p + size")
            self.put(f"if {stop} > end:", bad)
            for number, (field, target) in enumerate(tagged):
                with self.block(f"{'el' if number else ''}if tag == {field.tag}:"):
                    self.field(field, target, path)
            self.put("else:", f"    p = {stop}", f"if p != {stop}:", bad)

    def hint(self, field: Field) -> str:
        """Return the annotation of a local."""
        return f": {field.python_type(self.definition, self.version)}"

    def field(self, field: Field, target: str, path: Path) -> None:
        """Read one field that this version has."""
        path, null = (*path, field.name), self.version in field.nullable
        hint = "" if self.version in field.tagged else self.hint(field)
        if field.fixed:
            self.run.append((CODES[field.type], target))
        elif field.type == "string" and not field.array:
            self.put(f"{target}, p = {self.primitive(field, 'string')}(view, p, end)")
        elif field.is_struct and not field.array:
            if null:
                self.byte("n")
                self.put(f"{target}{hint} = None")
            with self.block_if(null, "if n:" if self.version in field.tagged else "if n < 128:"):
                self.put(f"{target} = {self.struct(field.fields, field.type, path)}")
        else:
            self.count(field, null)
            if null:
                self.put(f"{target}{hint} = None")
                hint = ""
            with self.block_if(null, "if n >= 0:"):
                self.counted(field, target, hint, path)

    def count(self, field: Field, null: bool) -> None:
        """Read how many elements or bytes follow: a count of one byte that the frame has room for in place."""
        least = field.element.bytes_min(self.version, self.flexible) if field.array else 1
        primitive, needed = self.primitive(field, "count"), "n" if least == 1 else f"n * {least}"
        if self.flexible and not field.never_flexible:
            usual = "n < 127" if null else "-1 < n < 127"
            self.put("n = view[p] - 1", "p += 1", f"if not ({usual} and {needed} <= end - p):")
            self.put(f"    n, p = {primitive}(view, p - 1, end, {least})")
        else:
            self.put(f"n, p = {primitive}(view, p, end, {least})")

    def counted(self, field: Field, target: str, hint: str, path: Path) -> None:
        """Read an array or bytes of which n is known."""
        if not field.array:
            value = "view[p:p + n]" if field.type == "records" else "bytes(view[p:p + n])"
            self.put(f"{target}{hint} = {value}", "p += n")
        elif field.type in CODES:
            size = calcsize(">" + CODES[field.type])
            self.put(f"{target}{hint} = list({self.many(field, 'unpack_from')}[n](view, p))")
            self.put(f"p += {size} * n" if size > 1 else "p += n")
        else:
            with self.block(f"{target}{hint} = []", "for _ in range(n):"):
                if field.is_struct:
                    self.put(f"{target}.append({self.struct(field.fields, field.type, path)})")
                else:
                    self.put(f"text, p = {self.primitive(field, 'string', null=False)}(view, p, end)")
                    self.put(f"{target}.append(text)")
