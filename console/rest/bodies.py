"""Bodies of calls: JSON objects with known fields, each of its type; a sentence where something is wrong."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from console.rest.errors import ApiError, bad_request

BODY_BYTES_MAX = 2_500_000  # less than a form's: JSON of this size is some ten times as large once it is read
DEPTH_SAID = "the body is nested too deeply"
_MISSING = object()


def read(request: HttpRequest) -> dict[str, Any]:
    """The one JSON object of a body."""
    found = read_many(request, 1)
    if not found:
        raise bad_request("the body is empty: a JSON object is needed")
    return found[0]


def read_many(request: HttpRequest, most: int) -> list[dict[str, Any]]:
    """JSON objects that follow one another, with or without space between them; ApiError for anything else."""
    body = request.read(BODY_BYTES_MAX + 1)  # not request.body: that has the limit of forms, and none without a length
    if len(body) > BODY_BYTES_MAX:
        raise ApiError(413, 413, f"the body is longer than {BODY_BYTES_MAX} bytes")
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise bad_request("the body is not UTF-8") from None
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    found: list[dict[str, Any]] = []
    at = 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
            written(value)
        except RecursionError:
            raise bad_request(DEPTH_SAID) from None
        except UnicodeEncodeError:
            raise bad_request("the body holds half of a character (a lone surrogate, \\ud800 to \\udfff)") from None
        except ValueError as error:
            raise bad_request(f"the body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise bad_request("the body is not a JSON object")
        found.append(value)
        if len(found) > most:
            raise bad_request(f"at most {most} JSON {'object' if most == 1 else 'objects'} a call")
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def written(value: Any) -> bytes:
    """JSON as it is produced, UTF-8 without spaces. RecursionError for what is nested deeper than it can be read."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def field(body: Mapping[str, Any], name: str, kind: type, default: Any = _MISSING) -> Any:
    """One field of its type; null counts as missing where there is a default."""
    value = body.get(name)
    if value is None:
        if default is _MISSING:
            raise bad_request(f"{name} is missing")
        return default
    wrong_bool = isinstance(value, bool) and kind is not bool
    if not isinstance(value, kind) or wrong_bool:
        words = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}[kind]
        raise bad_request(f"{name} must be {words}")
    return value


def check_known(body: Mapping[str, Any], *names: str) -> None:
    """Nothing is accepted and ignored."""
    unknown = [name for name in body if name not in names]
    if unknown:
        raise bad_request(f'Unrecognized field "{unknown[0][:100]}" (known: {", ".join(names)})')


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
