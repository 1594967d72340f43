"""States and lag of groups in templates.

*Invariants*: as in console_tags.py: what came from a cluster is escaped, what cannot be seen is named.
"""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.services import figures, lag_trends
from console.templatetags.console_tags import icon, mark, muted, named

register = template.Library()

TONES = {"Stable": "good", "Empty": "none", "Dead": "bad"}
WORDS = {
    "PreparingRebalance": "Rebalancing, waiting for members",
    "CompletingRebalance": "Rebalancing, waiting for the assignment",
    "Assigning": "Rebalancing, assigning",
    "Reconciling": "Rebalancing, handing over",
}


@register.simple_tag
@lru_cache(maxsize=100)
def group_state(state: str) -> SafeString:
    """A state with its shape and word; who moves partitions at this moment is told as a warning."""
    return mark(TONES.get(state, "warn"), named(WORDS.get(state, state) or "not told"))


@register.simple_tag
def group_badge(state: str) -> SafeString:
    """The same beside a title."""
    tone = TONES.get(state, "warn")
    shape = {"good": "tick", "warn": "warn", "bad": "bad", "none": "ring"}[tone]
    words = named(WORDS.get(state, state) or "not told")
    return format_html('<span class="badge" data-tone="{}">{}{}</span>', tone, icon(shape), words)


@register.filter
def behind(milliseconds: int | None) -> SafeString | str:
    """Time behind in words; a dash where it is not known."""
    if milliseconds is None:
        return muted("–")
    return muted("0") if milliseconds == 0 else figures.duration_ms(milliseconds)


@register.simple_tag
def lag_trend(trend: lag_trends.Trend | None) -> SafeString:
    """Whether a lag grows: a shape, a rate, and a word for who does not see the shape. Empty until it is known."""
    if trend is None:
        return format_html('<span class="trend">{}</span>', "")
    if trend.direction == "steady":
        return format_html('<span class="trend">{}</span>', "steady")
    rate = abs(trend.per_s)
    shape = icon("up" if trend.direction == "grows" else "down", small=True)
    figure = figures.thin(round(rate)) if rate >= 10 else f"{rate:.1f}"
    return format_html(
        '<span class="trend" data-direction="{}" title="over the last {}">'
        '<span class="sr">{} by </span>{}{}{}/s</span>',
        trend.direction, figures.ago(trend.over_s), trend.direction, shape, figure, figures.THIN,
    )  # fmt: skip


@register.simple_tag
def lag_bar(lag: int | None, worst: int) -> SafeString:
    """A lag as a bar; all bars of a page share one scale."""
    width = round(100 * (lag or 0) / worst, 1) if worst else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="lag" width="{}" height="8"/></svg>',
        width,
    )
