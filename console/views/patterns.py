"""Every component in every state that exists, with the real style sheets: drawn here first, used elsewhere second."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.kafka.configs import ConfigEntry
from console.services import payloads
from console.views.calculator import Answer, answer_for
from console.views.setting_rows import SettingRows, setting_rows

HOSTILE = "<script>window.__x = 1</script> \u202egnp.exe\u202c a\u0000b \u200bzero"
DOCUMENT = (
    b'{"payment_id": "pay_9f2c6e", "amount": {"value": 1249.00, "cents": 9223372036854775807}, '
    b'"lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}], "approved": false, "note": null, "empty": {}}'
)

SETTINGS = [
    ConfigEntry(
        "retention.ms", "604800000", "604800000", "default", "long", "How long records are kept.", False, False
    ),
    ConfigEntry("cleanup.policy", "delete", "delete", "default", "list", "What becomes of old records.", False, False),
    ConfigEntry("max.message.bytes", "1048588", "1048588", "broker (static)", "int", None, False, False),
]
TYPED = {"retention.ms": "soon", "max.message.bytes": "4 MB"}
REFUSED = {"set.retention.ms": "Invalid value soon for configuration retention.ms: Not a number of type LONG"}


@dataclass(frozen=True, slots=True)
class PatternListPage:
    """Context of console/patterns.html."""

    hostile: str
    document: payloads.Payload
    binary: payloads.Payload
    settings: SettingRows
    calculation: Answer
    cluster: None = None
    place: str = "patterns"


@require_safe
def pattern_list(request: HttpRequest) -> HttpResponse:
    """For those who build: staff only, because it is no place for others."""
    if not request.user.is_staff:
        raise Http404("for staff")
    page = PatternListPage(
        hostile=HOSTILE,
        document=payloads.payload(DOCUMENT),
        binary=payloads.payload(bytes(range(0, 256, 7))),
        settings=setting_rows(SETTINGS, TYPED, REFUSED),
        calculation=answer_for("id_1234", "text", "3"),
    )
    return render(request, "console/patterns.html", {"page": page})
