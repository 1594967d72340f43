"""Components that need a little arithmetic or a form's field: inputs, badges, sparklines, bars.

*Invariants*: widths and lines are SVG attributes, for the content policy forbids style attributes; what is given as
words is escaped and what cannot be seen in it is named.
*Not here*: components that are only markup (templates/components), numbers and payloads (console_tags.py).
"""

from collections.abc import Sequence

from django import forms, template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.templatetags.console_tags import icon, named

register = template.Library()

SHAPES = {"good": "tick", "warn": "warn", "bad": "bad", "none": "ring"}
SPARK_WIDTH, SPARK_HEIGHT = 80, 20
SPARK_POINTS_MAX = 120  # more than one for every pixel and a half draws nothing new


@register.simple_tag
def field_input(field: forms.BoundField, off: str = "", **attributes: str) -> SafeString:
    """The control of a field, with its class, its limit, and what describes it: error, hint, why it is off."""
    widget = field.field.widget
    if isinstance(widget, forms.Select):
        css = "select"
    elif isinstance(widget, forms.Textarea):
        css = "input textarea"
    else:
        css = "" if isinstance(widget, forms.CheckboxInput) else "input"
    described = [f"{field.id_for_label}-error"] if field.errors else []
    described += [f"{field.id_for_label}-hint"] if field.help_text or attributes.pop("hint", "") or off else []
    shown = {"class": f"{css} {widget.attrs.get('class', '')}".strip(), "spellcheck": "false", "autocomplete": "off"}
    shown |= {name.replace("_", "-"): value for name, value in attributes.items()}
    if field.errors:
        shown["aria-invalid"] = "true"
    if described:
        shown["aria-describedby"] = " ".join(described)
    if off:
        shown["disabled"] = ""
    return field.as_widget(attrs={name: value for name, value in shown.items() if value or name == "disabled"})


@register.simple_tag
def badge(words: str, tone: str = "") -> SafeString:
    """A word in a frame: with its shape where it has a tone of health."""
    shape = icon(SHAPES[tone]) if tone in SHAPES else ""
    toned = format_html(' data-tone="{}"', tone) if tone else ""
    return format_html('<span class="badge"{}>{}{}</span>', toned, shape, named(words))


@register.simple_tag
def sparkline(numbers: Sequence[float], label: str, tone: str = "", size: str = "") -> SafeString:
    """The last numbers as a line over zero; flat and grey where nothing happened. Its number stands beside it."""
    shown = [max(0.0, number) for number in numbers[-SPARK_POINTS_MAX:]]
    top = max(shown, default=0.0)
    step = SPARK_WIDTH / max(1, len(shown) - 1)
    floor = SPARK_HEIGHT - 1
    heights = [number / top * (floor - 1) if top else 0 for number in shown]
    points = [f"{number * step:.1f} {floor - height:.1f}" for number, height in enumerate(heights)]
    if len(points) < 2:
        points = [f"0 {floor}", f"{SPARK_WIDTH} {floor}"]
    line = "M" + "L".join(points)
    return format_html(
        '<svg class="sparkline"{}{} viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="area" d="{}V{}H0Z"/><path class="line" d="{}"/></svg>',
        format_html(' data-tone="{}"', tone if top else "flat") if tone or not top else "",
        format_html(' data-size="{}"', size) if size else "",
        SPARK_WIDTH, SPARK_HEIGHT, label, line, SPARK_HEIGHT, line,
    )  # fmt: skip


@register.simple_tag
def bar(percent: float, label: str, tone: str = "") -> SafeString:
    """How much of the whole, as a bar; its words say the same."""
    return format_html(
        '<svg class="bar"{} viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="lag" width="{}" height="8"/></svg>',
        format_html(' data-tone="{}"', tone) if tone else "", label, round(min(100.0, max(0.0, percent)), 1),
    )  # fmt: skip
