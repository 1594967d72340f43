"""Doors to writes in templates: a link where one may, else the same words switched off with the reason beside them.

*Not here*: who may (permissions.py); the views ask it again.
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.kafka import features
from console.kafka.errors import KafkaError
from console.permissions import ADMINISTER, OPERATE, refusal_of, role_on
from console.services import payloads, topics
from console.services.clusters import connection_spec
from console.templatetags.console_tags import icon, preview

register = template.Library()
NEEDS = {"operator": OPERATE, "admin": ADMINISTER}


@register.simple_tag(takes_context=True)
def refusal(context: template.Context, needs: str, what: str = "", *, api: str) -> str:
    """Why this person may not do it, the cluster cannot, or nobody may to this topic; "" if it can be done.

    `api` is what the cluster must understand; `what` is "partitions", "records" or "topic" where a topic itself can
    stand in the way.
    """
    page = context["page"]
    role = role_on(context["request"].user, page.cluster)
    why = refusal_of(role, page.cluster, needs=NEEDS[needs])
    if not why:
        try:
            found = features.known(connection_spec(page.cluster))
        except KafkaError:
            found = None  # its secrets are lost; the page says so
        why = found.refusal(api) if found is not None else ""
    if why or not what:
        return why
    internal = page.head.topic.internal
    if what == "records":
        return topics.refusal_of_records(internal=internal, deletes=page.head.deletes)
    return topics.INTERNAL if internal else ""


@register.simple_tag
def door(
    address: str, words: str, why: str = "", kind: str = "", drawing: str = "", why_id: str = "why-not"
) -> SafeString:
    """A link to a form; without the right a button that says it is off (its reason stands in `why_id`)."""
    picture = icon(drawing) if drawing else ""
    if why:
        return format_html(
            '<button class="button" type="button" aria-disabled="true" aria-describedby="{}">{}{}</button>',
            why_id, picture, words,
        )  # fmt: skip
    return format_html('<a class="button" data-kind="{}" href="{}">{}{}</a>', kind or "normal", address, picture, words)


@register.filter
def errors_of(errors: dict[str, str], field: str) -> list[str]:
    """What is wrong with a field, for components/field_error.html."""
    return [errors[field]] if field in errors else []


@register.simple_tag
def key_text(key: bytes) -> SafeString:
    """A key of a record on one line."""
    return preview(payloads.preview(key), "null")
