"""Texts of lessons in templates.

*Invariants*: everything is escaped; a text reads the same as without.
*Not here*: the texts (sandbox/lessons).
"""

import re
from collections.abc import Mapping

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def whole_names(text: str, names: Mapping[str, str]) -> SafeString:
    """Names that a learner types, each kept on one line: where it breaks it looks like two."""
    longest_first = sorted(filter(None, names.values()), key=len, reverse=True)
    if not longest_first:
        return escape(text)
    pieces = re.split(f"({'|'.join(map(re.escape, longest_first))})", text)
    return format_html_join("", "{}", ((_name(one) if place % 2 else one,) for place, one in enumerate(pieces)))


def _name(text: str) -> SafeString:
    return format_html('<span class="whole">{}</span>', text)
