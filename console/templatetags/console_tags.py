"""Numbers, marks, times and payloads in templates.

*Invariants*: every character that came from a cluster is escaped; control and bidi characters are named, never sent.
*Not here*: the words and figures themselves (services/figures.py, services/payloads.py).
"""

import hashlib
import html
import json
import time
from collections.abc import Sequence
from typing import Any

from django import template
from django.http import QueryDict
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString

from console.services import figures, payloads

register = template.Library()
TENTHS_UNTIL_S = 10  # from here on nobody reads tenths of a second


@register.simple_tag
def icon(name: str, small: bool = False) -> SafeString:
    """One drawing of the sprite."""
    css = "icon icon-s" if small else "icon"
    return format_html('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', css, name)


@register.simple_tag
def mark(tone: str, words: str) -> SafeString:
    """Health: a shape, a word, then a colour."""
    shape = {"good": "tick", "warn": "warn", "bad": "bad", "none": "ring"}[tone]
    return format_html('<span class="mark" data-tone="{}">{}{}</span>', tone, icon(shape), words)


def muted(word: str) -> SafeString:
    """A word that stands where a value would."""
    return format_html('<span class="zero">{}</span>', word)


@register.filter
def row_key(name: str) -> str:
    """What tells a row of a page from the others, whatever its name may hold."""
    return hashlib.blake2s(name.encode(), digest_size=9).hexdigest()


@register.filter
def thin(number: int | None) -> str:
    """Exact, thousands set off."""
    return "–" if number is None else figures.thin(number)


@register.filter
def count(number: int | None) -> SafeString | str:
    """A count in a cell: zero is muted, unknown is a dash, a large number is rounded."""
    if not number:
        return muted("–" if number is None else "0")
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
        return muted("–")
    figure, unit = figures.size(size_bytes)
    css = "zero" if size_bytes == 0 else "num"
    return format_html('<span class="{}">{}</span>{}<span class="u">{}</span>', css, figure, figures.THIN, unit)


@register.filter
def moment(timestamp_ms: int) -> SafeString:
    """A record's time, absolute, in UTC to the millisecond."""
    when = figures.moment(timestamp_ms)
    words = figures.clock(timestamp_ms, today=figures.moment(int(time.time() * 1000)))
    if when is None:
        return muted(words)
    return format_html('<time datetime="{}">{}</time>', when.isoformat(timespec="milliseconds"), words)


@register.filter
def moment_in_full(timestamp_ms: int) -> SafeString:
    """A record's time with its date, how long ago that was, and the number that it is kept as."""
    when = figures.moment(timestamp_ms)
    if when is None:
        return moment(timestamp_ms)
    words, now_ms = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}", time.time() * 1000
    ago = f"{figures.ago((now_ms - timestamp_ms) / 1000)} ago" if timestamp_ms <= now_ms else "in the future"
    return format_html(
        '<time datetime="{}">{}</time> <span class="quiet">UTC</span>'
        '<span class="sub quiet">{}; <span class="num">{}</span>{}ms</span>',
        when.isoformat(timespec="milliseconds"), words, ago, figures.thin(timestamp_ms), figures.THIN,
    )  # fmt: skip


@register.filter
def since(timestamp_ms: int) -> str:
    """How long before now."""
    return figures.ago(time.time() - timestamp_ms / 1000)


@register.filter
def seconds(length_s: float) -> str:
    """How long something takes: "0.4 s", "12 s", "2 min 2 s"; whole numbers stay whole."""
    if isinstance(length_s, float) and length_s < TENTHS_UNTIL_S:
        return f"{length_s:.1f}{figures.THIN}s"
    return figures.duration_ms(round(length_s) * 1000)


@register.simple_tag
def config_words(name: str, value: str | None) -> str | SafeString:
    """A setting's value for people, or as it is; a dash where it is not known."""
    return "–" if value is None else figures.config_words(name, value) or named(value) or muted("empty")


@register.filter
def named(text: str) -> SafeString:
    """Text from outside on one line: escaped, and what cannot be seen is named."""
    if text.isprintable():
        return escape(text)
    return pieces(payloads.pieces(text, multiline=False))


@register.filter
def pieces(parts: Sequence[str]) -> SafeString:
    """Pieces of text from outside: plain and named ones in turn."""
    shown = SafeString()
    for number, part in enumerate(parts):
        if part:
            shown += format_html('<span class="named">{}</span>' if number % 2 else "{}", part)
    return shown


@register.filter
def json_tree(tree: Any) -> SafeString:
    """A JSON value, objects and arrays foldable; numbers in the digits they came with."""
    return _json(tree, indent="", end="")


def _json(node: Any, *, indent: str, end: str) -> SafeString:
    if isinstance(node, list) and node:
        return _json_branch(node, indent=indent, end=end)
    match node:
        case payloads.Fields():
            return format_html("{}", "{}" + end)
        case list():
            return format_html("{}", "[]" + end)
        case payloads.Number():
            return format_html('<span class="d">{}</span>{}', node, end)
        case str():
            return format_html('<span class="s">{}</span>{}', _json_string(node), end)
        case _:
            word = {None: "null", True: "true", False: "false"}[node]
            return format_html('<span class="w">{}</span>{}', word, end)


def _json_branch(node: list[Any], *, indent: str, end: str) -> SafeString:
    is_object = isinstance(node, payloads.Fields)
    begin, close, unit = ("{", "}", "field") if is_object else ("[", "]", "item")
    inner = SafeString()
    for number, member in enumerate(node, 1):
        comma = "," if number < len(node) else ""
        name = format_html('<span class="k">{}</span>: ', _json_string(member[0])) if is_object else ""
        child = member[1] if is_object else member
        value = _json(child, indent=indent + "  ", end=comma)
        # What can be folded is a block and ends its own line.
        line_end = "" if isinstance(child, list) and child else "\n"
        inner += format_html("{}  {}{}{}", indent, name, value, line_end)
    words = f" {figures.thin(len(node))} {unit}{'' if len(node) == 1 else 's'} {close}{end}"
    return format_html(
        '<details open><summary>{}<span class="w">{}</span></summary>{}{}{}</details>',
        begin, words, inner, indent, close + end,
    )  # fmt: skip


def _json_string(text: str) -> SafeString:
    return pieces(payloads.pieces(json.dumps(text, ensure_ascii=False), multiline=False))


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


@register.filter
def alone(kept: str) -> str:
    """The rest of an address, "&a=1", as all of its query, "?a=1"."""
    return "?" + kept[1:] if kept else ""


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
    return mark("none", "Healthy, one copy") if topic.replication_factor == 1 else mark("good", "Healthy")


@register.simple_tag
def preview(shown: payloads.Preview, absent: str) -> SafeString:
    """One line of a key, value or header; what is not there is said in a word."""
    if shown.kind == "null":
        return format_html('<span class="badge">{}</span>', absent)
    if shown.kind == "empty":
        return muted("empty")
    line = format_html('<span class="mono">{}</span>', pieces(shown.pieces))
    if shown.wrong:
        return format_html('<span class="u wrong">{}</span> {}', named(shown.wrong), line)
    return format_html('{} <span class="u">{}</span>', line, shown.read_as) if shown.read_as else line


@register.simple_tag
def payload_kind(payload: payloads.Payload) -> str:
    """What a payload was recognised as, and its size."""
    if payload.kind == "number" or payload.numbers:
        words = payload.numbers[0][0]
    else:
        words = {"json": "JSON"}.get(payload.kind, payload.kind)
    return f"{words}, {figures.THIN.join(figures.size(payload.size))}" if payload.size else words


@register.simple_tag
def replicas(partition: Any) -> SafeString:
    """A replica set as a sentence: the leader first and filled, who is out struck."""
    shown = SafeString()
    for broker in sorted(partition.replicas, key=lambda broker: broker != partition.leader):
        if broker == partition.leader:
            css, words = "leads", "leads"
        elif broker in partition.isr:
            css, words = "", "follows in sync"
        else:
            css, words = "out", "is offline" if broker in partition.offline_replicas else "is out of sync"
        shown += format_html(
            '<span class="{}" role="img" aria-label="broker {} {}">{}</span>', css, broker, words, broker
        )
    return format_html('<span class="replicas">{}</span>', shown)


@register.simple_tag
def in_sync(partition: Any) -> SafeString:
    """How many copies of how many are in sync, and who is not."""
    words = f"{len(partition.isr)} of {len(partition.replicas)}"
    missing = [str(broker) for broker in partition.replicas if broker not in partition.isr]
    return mark("warn", f"{words}, without {', '.join(missing)}") if missing else mark("good", words)


@register.simple_tag
def documentation(text: str) -> SafeString:
    """What a cluster says of a setting: its first sentence, the rest folded. Its HTML becomes plain words."""
    plain = " ".join(html.unescape(strip_tags(text)).split())
    first, stop, rest = plain.partition(". ")
    if not rest:
        return format_html("<p>{}</p>", named(plain))
    return format_html("<details><summary>{}</summary><p>{}</p></details>", named(first + stop.strip()), named(rest))


@register.simple_tag
def config_value(entry: Any) -> SafeString:
    """A setting's value: for people first, the exact one beside it."""
    if entry.sensitive or entry.value is None:
        return muted("not told" if entry.sensitive else "–")
    words = figures.config_words(entry.name, entry.value)
    if words is None:
        return format_html('<span class="wrap">{}</span>', named(entry.value)) if entry.value else muted("empty")
    exact = figures.thin(int(entry.value))
    return format_html('{} <span class="u">{}</span>', words, exact) if exact != words else format_html("{}", words)


@register.simple_tag
def cluster_health(view: Any) -> SafeString:
    """One answer for a cluster."""
    if view.offline:
        return mark("bad", f"{figures.thin(view.offline)} partitions without a leader")
    if view.under_replicated:
        return mark("warn", f"{figures.thin(view.under_replicated)} partitions under-replicated")
    return mark("good", "Healthy")


@register.simple_tag
def volume_bar(total_bytes: int | None, usable_bytes: int | None) -> SafeString:
    """How full a volume is, as a bar whose numbers stand beside it; nothing where that is not known."""
    if not total_bytes or usable_bytes is None or not 0 <= usable_bytes <= total_bytes:
        return SafeString()
    used = round((total_bytes - usable_bytes) * 100 / total_bytes)
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{} % used">'
        '<rect class="done" width="{}" height="8"/></svg>',
        used, used,
    )  # fmt: skip


@register.simple_tag
def disk_meter(node: Any) -> SafeString:
    """How full a broker's disk is, where it says so."""
    total, usable = node.disk_total_bytes, node.disk_usable_bytes
    drawn = volume_bar(total, usable)
    if not drawn:
        return drawn
    words = format_html("<p><span>Disk</span><b>{} of {}</b></p>", size(total - usable), size(total))
    return format_html('<div class="meter">{}{}</div>', words, drawn)
