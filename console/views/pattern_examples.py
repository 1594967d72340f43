"""What the page of components shows: a form in each state, numbers, events, texts. Nothing of it changes by itself.

*Not here*: the page (views/patterns.py, templates/console/patterns).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django import forms

from console.services import comparison, payloads

HOSTILE = "<script>window.__x = 1</script> \u202egnp.exe\u202c a\u0000b \u200bzero"
LONG = (
    "eu-central-1.shop.fulfilment.warehouse-picker.shipments.label_printed.dead-letter.retry-5m.v2"
    ".partitioned-by-customer-and-warehouse.with-a-name-that-somebody-generated-from-a-namespace-and-nobody-ever"
    "-shortened-because-nobody-had-to-type-it-until-now"
)
SCRIPTS = "東京の注文 · заказы · הזמנות · طلبات · Zoë Müller-Ōta"
DOCUMENT = (
    b'{"payment_id": "pay_9f2c6e", "amount": {"value": 1249.00, "cents": 9223372036854775807}, '
    b'"lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}], "approved": false, "note": null, "empty": {}}'
)
RATES = (3, 5, 4, 8, 12, 9, 7, 7, 11, 14, 13, 9, 8, 10, 15, 18, 16, 12, 9, 11, 13, 17, 21, 19)
SCHEMA = '{\n  "name": "Order",\n  "fields": [\n    "id",\n    "city"\n  ]\n}'


class ExampleForm(forms.Form):
    """Fields as forms of the console have them."""

    empty = forms.CharField(label="Empty", required=False, help_text="a hint, always visible")
    filled = forms.CharField(label="Topic", max_length=249)
    wrong = forms.IntegerField(
        label="Offset", widget=forms.TextInput, error_messages={"invalid": "An offset is a whole number, at least 0."}
    )
    hostile = forms.CharField(label="Hostile", required=False)
    chosen = forms.ChoiceField(label="Partition", choices=[("", "All 24 partitions"), ("7", "Partition 7")])
    value = forms.CharField(label="Value", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    idempotent = forms.BooleanField(label="Idempotent", required=False)
    live = forms.BooleanField(label="Follow new records", required=False)
    name = forms.CharField(error_messages={"required": "Type the name to agree."})


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    time: datetime
    ago: str
    shape: str
    tone: str
    title: str
    cause: str


def example_form() -> ExampleForm:
    """A form that was sent with a mistake: what was typed is kept."""
    sent = {"filled": "orders.placed.v2", "wrong": "12a", "hostile": HOSTILE, "chosen": "7", "idempotent": "1"}
    return ExampleForm({**sent, "live": "1", "value": '{"item": "spool"}', "name": "payments.refund"})


EVENTS = (
    Event(datetime(2026, 11, 24, 14, 6, 20, tzinfo=UTC), "now", "tick", "good", "orders-eu is healthy", ""),
    Event(
        datetime(2026, 11, 24, 14, 2, 11, tzinfo=UTC), "4 min ago", "warn", "warn", "Broker 2 left the ISR",
        "it did not fetch for 30 s",
    ),
    Event(
        datetime(2026, 11, 24, 13, 51, 8, tzinfo=UTC), "15 min ago", "bad", "bad", "Broker 2 does not answer",
        "connection refused",
    ),
    Event(
        datetime(2026, 11, 24, 13, 40, 0, tzinfo=UTC), "26 min ago", "crown", "thread", "Broker 1 became controller",
        "elected in epoch 7",
    ),
)  # fmt: skip
COVERAGE = (("0", "all", 100), ("1", "0.6 M", 62), ("2", "0.4 M", 41), ("3", "not reached", 0))
CHANGES = (
    ("retention.ms", "604800000", "1209600000"),
    ("cleanup.policy", None, "compact"),
    ("max.message.bytes", "1048588", None),
    (HOSTILE, HOSTILE, HOSTILE),
)
TABS = (("Records", "#navigation", None, True), ("Partitions", "#navigation", 24, False))
TABS += (("Groups", "#navigation", 0, False), ("Settings", "#navigation", None, False))
CHIPS = (("All", "#navigation", 148, True), ("Behind", "#navigation", 3, False), ("No reader", "#navigation", 0, False))


def comparison_lines() -> list[comparison.Line]:
    """Two versions of a text: a line changed, one gone, one come."""
    after = SCHEMA.replace('"Order"', '"OrderPlaced"').replace('    "city"\n', '    "town",\n    "country"\n')
    return comparison.compared(SCHEMA, after)


def document() -> payloads.Payload:
    """A JSON value with exact numbers."""
    return payloads.payload(DOCUMENT)


def binary() -> payloads.Payload:
    """Bytes that say nothing."""
    return payloads.payload(bytes(range(0, 256, 7)))
