"""What became of sendings, in templates.

*Invariants*: as in console_tags.py: what came from outside is escaped.
"""

from django import template
from django.utils.safestring import SafeString

from console.models import Cluster
from console.permissions import OPERATE, refusal_of, role_on
from console.services import encodings, figures
from console.services.sendings import Sending, Stretch
from console.templatetags.console_tags import mark

register = template.Library()
STRETCHES_MAX = 200


@register.simple_tag(takes_context=True)
def operate_refusal(context: template.Context, cluster: Cluster) -> str:
    """Why this person may not operate the cluster; "" if they may."""
    return refusal_of(role_on(context["request"].user, cluster), cluster, needs=OPERATE)


@register.simple_tag
def sending_state(sending: Sending) -> SafeString:
    """The outcome in words, with its shape."""
    all_of = "" if sending.total == 1 else f"{figures.thin(sending.total)} "
    match sending.state:
        case "sending":
            return mark("none", "sending")
        case "written" if sending.settings.acks == 0:
            return mark("none", f"{all_of}sent")
        case "written":
            tombstone = "tombstone " if sending.total == 1 and sending.tombstones else ""
            return mark("good", f"{all_of}{tombstone}written")
        case "perhaps" if sending.total > 1:
            parts = [f"{figures.thin(sending.perhaps)} perhaps written"]
            parts += [f"{figures.thin(sending.written)} written"] if sending.written else []
            return mark("warn", ", ".join(parts))
        case "perhaps":
            return mark("warn", "perhaps written")
        case "partly":
            return mark("warn", f"{figures.thin(sending.written)} of {figures.thin(sending.total)} written")
    return mark("bad", "not written" if sending.total == 1 else f"none of {figures.thin(sending.total)} written")


@register.filter
def stretches(sending: Sending) -> list[tuple[int, Stretch]]:
    """The partitions that got something, in order, the first of very many."""
    return sorted(sending.partitions.items())[:STRETCHES_MAX]


@register.filter
def only_partition(sending: Sending) -> str:
    """Where it was to go, when it was to one partition."""
    found = {outcome.partition for outcome in sending.outcomes if outcome is not None}
    return str(found.pop()) if len(found) == 1 else "–"


@register.filter
def milliseconds(took_ms: float) -> str:
    """6.2, 61, 30 000."""
    return f"{took_ms:.1f}" if took_ms < 10 else figures.thin(round(took_ms))


@register.filter
def kind_name(kind: str) -> str:
    """How bytes were written, in a word."""
    return encodings.SHORT_NAMES[kind]
