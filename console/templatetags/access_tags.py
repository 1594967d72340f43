"""Who may see which entry of the navigation, and results of audit entries as marks.

*Not here*: whether it is allowed (permissions.py decides again at the door).
"""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.models import AuditEntry, Cluster, Result
from console.permissions import administers_installation, clusters_of, manages, role_on
from console.services import agents, figures
from console.templatetags.console_tags import mark

register = template.Library()
TONES = {
    Result.INTENDED: "warn",
    Result.DONE: "good",
    Result.PARTLY: "warn",
    Result.REFUSED: "bad",
    Result.UNKNOWN: "warn",
    Result.FAILED: "bad",
}


@register.simple_tag
def administers(user: Any, cluster: Cluster | None) -> bool:
    """Whether this person manages the members and reads the log of a cluster; None: of the installation."""
    if cluster is None:
        return administers_installation(user)
    return clusters_of(user).filter(pk=cluster.pk).exists() and manages(user, cluster)


@register.simple_tag
def role_words(user: Any, cluster: Cluster) -> str:
    """What this person is on a cluster; "" if the role was taken away this moment."""
    return role_on(user, cluster).label if clusters_of(user).filter(pk=cluster.pk).exists() else ""


@register.simple_tag
def audit_result(entry: AuditEntry) -> SafeString:
    """What came of it, and how long it took."""
    result = Result(entry.result)
    if result is Result.INTENDED or entry.finished_at is None:
        return mark(TONES[result], "no result")
    took = format_html('<span class="wide-only u">{}{}ms</span>', _milliseconds(entry), figures.THIN)
    return format_html("{} {}", mark(TONES[result], result.label), took)


@register.filter
def for_people(value: str, setting: str) -> str:
    """What a bare number of a setting means: 7 d, 1.0 GB; nothing where it says it itself."""
    counted = setting.endswith((".ms", ".bytes"))
    return (figures.config_words(setting, value) or "") if counted else ""


@register.filter
def browser(agent: str) -> str:
    """What a browser is, as far as it says."""
    return agents.words(agent) or "not told"


def _milliseconds(entry: AuditEntry) -> str:
    assert entry.finished_at is not None, "asked only of what has ended"
    took_ms = (entry.finished_at - entry.at).total_seconds() * 1000
    return figures.thin(max(0, round(took_ms)))  # what was noted when it had happened took no time
