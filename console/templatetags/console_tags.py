"""Numbers, marks, times and payloads in templates.

*Invariants*: every character that came from a cluster is escaped; control and bidi characters are named, never sent.
*Not here*: the words and figures themselves (services/figures.py, services/payloads.py).
"""

import time
from typing import Any

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from console.services import figures, payloads

register = template.Library()


@register.simple_tag
def icon(name: str, small: bool = False) -> SafeString:
    """One drawing of the sprite."""
    extra = mark_safe(" icon-s") if small else ""
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name)


@register.simple_tag
def mark(tone: str, words: str) -> SafeString:
    """Health: a shape, a word, then a colour."""
    shape = {"good": "tick", "warn": "warn", "bad": "bad", "none": "ring"}[tone]
    return format_html('<span class="mark" data-tone="{}">{}{}</span>', tone, icon(shape), words)


@register.filter
def thin(number: int | None) -> str:
    """Exact, thousands set off."""
    return "–" if number is None else figures.thin(number)


@register.filter
def count(number: int | None) -> SafeString | str:
    """A count in a cell: zero is muted, unknown is a dash, what is very large is rounded with the exact number at hand."""
    if number is None:
        return mark_safe('<span class="zero">–</span>')
    if number == 0:
        return mark_safe('<span class="zero">0</span>')
    figure, word = figures.count(number)
    if not word:
        return figure
    return format_html(
        '<span title="{}">≈{}{}</span> <span class="u">{}</span>', figures.thin(number), figures.THIN, figure, word
    )


@register.filter
def size(size_bytes: int | None) -> SafeString:
    """Bytes in a cell: number, muted unit."""
    if size_bytes is None:
        return mark_safe('<span class="zero">–</span>')
    figure, unit = figures.size(size_bytes)
    css = "zero" if size_bytes == 0 else "num"
    return format_html('<span class="{}">{}</span>{}<span class="u">{}</span>', css, figure, figures.THIN, unit)


@register.filter
def moment(timestamp_ms: int) -> SafeString:
    """A record's time, absolute, in UTC to the millisecond."""
    when = figures.moment(timestamp_ms)
    words = figures.clock(timestamp_ms, today=figures.moment(int(time.time() * 1000)))
    if when is None:
        return format_html('<span class="zero">{}</span>', words)
    return format_html('<time datetime="{}">{}</time>', when.isoformat(timespec="milliseconds"), words)


@register.filter
def since(timestamp_ms: int) -> str:
    """How long before now."""
    return figures.ago(time.time() - timestamp_ms / 1000)


@register.simple_tag
def config_words(name: str, value: str | None) -> str:
    """A setting's value for people, or nothing."""
    return (value is not None and figures.config_words(name, value)) or ""


@register.filter
def named(text: str) -> SafeString:
    """Text from outside on one line: escaped, and what cannot be seen is named."""
    return pieces(payloads.pieces(text, multiline=False))


@register.filter
def pieces(parts: list[str]) -> SafeString:
    """Pieces of text from outside: plain and named ones in turn."""
    html = (
        format_html('<span class="named">{}</span>', part) if number % 2 else format_html("{}", part)
        for number, part in enumerate(parts)
        if part
    )
    return mark_safe("".join(html))


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The present address's query with some parts changed; None or "" leaves a part out."""
    asked: QueryDict = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, "", False):
            asked.pop(key, None)
        else:
            asked[key] = str(value)
    return "?" + asked.urlencode() if asked else "?"


@register.simple_tag(takes_context=True)
def sort_head(context: template.Context, key: str, words: str, css: str = "") -> SafeString:
    """A column head that sorts: first as one expects (names up, numbers down), then the other way round."""
    asked = context["page"].form.asked
    chosen, descending = asked["sort"] == key, asked["descending"]
    other_way = not descending if chosen else key != "name"
    state = format_html(' aria-sort="{}"', "descending" if descending else "ascending") if chosen else ""
    arrow = icon("down" if descending else "up", small=True) if chosen else ""
    address = query(context, sort=("-" if other_way else "") + key, page=None)
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}" hx-get="{}" hx-target="#rows" hx-swap="outerHTML"'
        ' hx-push-url="true">{}{}</a></th>',
        css, state, address, address, words, arrow,
    )  # fmt: skip


@register.simple_tag
def topic_health(topic: Any) -> SafeString:
    """One answer for a topic: offline, under-replicated, deliberately one copy, or healthy."""
    if topic.offline:
        return mark("bad", f"{figures.thin(topic.offline)} of {figures.thin(topic.partitions)} without a leader")
    if topic.under_replicated:
        words = f"{figures.thin(topic.under_replicated)} of {figures.thin(topic.partitions)} under-replicated"
        return mark("warn", words)
    return mark("none", "One copy only") if topic.replication_factor == 1 else mark("good", "Healthy")
