"""Every component in every state that exists, with the real style sheets: drawn here first, used elsewhere second."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.kafka.probe import Probe, Step
from console.services import payloads

HOSTILE = "<script>window.__x = 1</script> \u202egnp.exe\u202c a\u0000b \u200bzero"
DOCUMENT = (
    b'{"payment_id": "pay_9f2c6e", "amount": {"value": 1249.00, "cents": 9223372036854775807}, '
    b'"lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}], "approved": false, "note": null, "empty": {}}'
)


PROBE = Probe(
    (
        Step("Name", "good", "Name found", "10.4.7.21, 10.4.7.22", took_ms=3),
        Step("Connection", "good", "Connected", "10.4.7.21", took_ms=1),
        Step("TLS", "unused", "No TLS", "All that is sent, passwords too, can be read on the way."),
        Step("Sign-in", "bad", "Sign-in refused", f"pay-kafka-1 does not sign in {HOSTILE}", "Is the password right?"),
        Step("Kafka", "none", "Kafka: not reached"),
    ),
    took_ms=212,
)


@dataclass(frozen=True, slots=True)
class PatternListPage:
    """Context of console/patterns.html."""

    hostile: str
    document: payloads.Payload
    binary: payloads.Payload
    probe: Probe
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
        probe=PROBE,
    )
    return render(request, "console/patterns.html", {"page": page})
