"""Producing: the form, what became of what was sent, going on, and cancelling.

*Invariants*: a GET sends nothing; a form that is sent twice is carried out once; whatever is wrong, what was typed
stays in the form; a tombstone is asked about once before it is sent.
*Not here*: fields (forms/produce.py), the sending itself (services/sendings.py).
"""

import uuid
from dataclasses import dataclass, field

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.forms.produce import COMPRESSIONS, HeaderRow, ProduceForm, as_typed
from console.guests import Guest, open_to_guests
from console.kafka import records
from console.kafka.errors import KafkaError, KafkaRefused, NotAuthorized, NotFound
from console.kafka.producing import ProducerRecord
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, drafts, encodings, outages, sendings
from console.services.clusters import connection_spec
from console.services.partitioners import partition_of
from console.views.topic_head import TopicHead, topic_head

ANSWER_WITHIN_S = 1.5  # a sending that is over by then is on the page at once
PREFILL_BYTES_MAX = 4 << 20  # of a record that is to be sent again from the form
PLAIN = {"key_kind": "null", "value_kind": "text", "where": "computed", "client": "murmur2"}
PLAIN |= {"acks": "all", "compression": "none"}


@dataclass(frozen=True, slots=True)
class ProducePage:
    """Context of console/records/produce.html."""

    cluster: Cluster
    name: str  # the topic
    head: TopicHead | None  # None: the cluster does not answer now
    form: ProduceForm
    sent: list[sendings.Sending]
    refused: str = ""  # why nothing was sent, if it is not the fault of a field
    source: str = ""  # of the record that the form was filled with
    tombstone: ProducerRecord | None = None  # to be agreed to
    new_id: uuid.UUID = field(default_factory=uuid.uuid4)
    told: bool = False  # whether the newest of them is the answer to what was just pressed
    live: bool = False  # whether only what was sent is looked at again
    place: str = "topics"
    kinds: tuple[tuple[str, str], ...] = tuple(encodings.NAMES.items())
    compressions: tuple[str, ...] = COMPRESSIONS
    form_bytes_max: int = 0  # of all that is typed

    @property
    def partitions(self) -> int:
        """Of the topic; 0 when it is not known."""
        return self.head.partitions if self.head else 0

    @property
    def limit(self) -> int | None:
        """What one batch may take."""
        return limit_of(self.head)

    @property
    def rows(self) -> list[HeaderRow]:
        """The headers, and a blank row to type into."""
        return [*self.form.rows, self.blank_row]

    @property
    def blank_row(self) -> HeaderRow:
        """What a new row begins as."""
        return HeaderRow("", "text", "")

    @property
    def source_address(self) -> str:
        """The page of the record that the form was filled with."""
        partition, _, offset = self.source.partition("/")
        return reverse("console:record-detail", args=[self.cluster.pk, self.name, int(partition), int(offset)])

    @property
    def where(self) -> drafts.Where:
        """Where the key goes that is in the form."""
        said = {name: str(self.form[name].value() or "") for name in ("key_kind", "key", "client")}
        key = drafts.Typed(said["key_kind"] or "text", as_typed(said["key"]))
        return drafts.where_goes(key, bool(self.form["fill"].value()), self.partitions, said["client"])

    @property
    def running(self) -> bool:
        """Whether the page should look again soon."""
        return any(sending.running for sending in self.sent)

    @property
    def written(self) -> int:
        """How many of the sendings are all written."""
        return sum(1 for sending in self.sent if sending.state == "written")


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def produce(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The form; with POST the sending."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    if request.method == "POST":
        return _send(request, cluster, name)
    head = topic_head(connection_spec(cluster), name)
    form, source, refused = (
        ProduceForm(initial=PLAIN | {"idempotent": True, "times": 1}),
        request.GET.get("from", ""),
        "",
    )
    if source:
        form, refused = _filled_from(cluster, head, source)
    outages.answered(cluster.pk)
    return _page(request, cluster, name, head, form, refused=refused, source="" if refused else source)


def _send(request: HttpRequest, cluster: Cluster, name: str) -> HttpResponse:
    form = ProduceForm(request.POST)
    try:
        spec = connection_spec(cluster)
        head = topic_head(spec, name)
    except KafkaError as error:
        form.is_valid()
        return _page(request, cluster, name, None, form, refused=_why(error, name), status=409)
    outages.answered(cluster.pk)
    found = _planned(form, name, head)
    if not found:
        return _page(request, cluster, name, head, form, status=422)
    if found[0].value is None and not form.cleaned_data["tombstone"]:
        return _page(request, cluster, name, head, form, tombstone=found[0])
    actor = audit.actor_of(request)
    try:
        sending_id = form.cleaned_data["sending"]
        sending = sendings.begin(actor, cluster, spec, sending_id, found, form.settings, _kinds(form))
    except sendings.TooMany as error:
        return _page(request, cluster, name, head, form, refused=str(error), status=409)
    sending.ended.wait(ANSWER_WITHIN_S)
    return _page(request, cluster, name, head, form, told=True)


def _kinds(form: ProduceForm) -> tuple[str, str]:
    return form.cleaned_data["key_kind"], form.cleaned_data["value_kind"]


def _planned(form: ProduceForm, name: str, head: TopicHead) -> list[ProducerRecord]:
    """The records to send; [] when something is wrong, which is then said in the form."""
    if not form.is_valid():
        return []
    asked = form.cleaned_data
    draft = drafts.Draft(
        topic=name,
        key=drafts.Typed(asked["key_kind"], asked["key"]),
        value=drafts.Typed(asked["value_kind"], asked["value"]),
        headers=tuple(drafts.Typed(row.kind, row.text, row.name) for row in form.rows),
        settings=form.settings,
        partition=asked["partition"] if asked["where"] == "chosen" else None,
        client=asked["client"],
        time_ms=asked["time"],
        times=asked["times"] or 1,
        fill=asked["fill"],
    )
    plan = drafts.planned(draft, head.partitions, limit_of(head))
    for field_name, words in plan.wrong.items():
        if field_name in form.fields:
            form.add_error(field_name, words)
        else:
            form.add_error(None, words)
    for index, words in plan.wrong_headers.items():
        form.rows[index].error = words
    return plan.records


def _why(error: KafkaError, name: str) -> str:
    match error:
        case NotFound():
            return f"there is no topic {name} any more"
        case NotAuthorized() | KafkaRefused():
            return f"the cluster refuses it: {error}"
        case _:
            return error.reason


def limit_of(head: TopicHead | None) -> int | None:
    """The topic's max.message.bytes; None when it is not told."""
    entry = head.configs.get("max.message.bytes") if head else None
    return int(entry.value) if entry and entry.value and entry.value.isdigit() else None


def _page(
    request: HttpRequest,
    cluster: Cluster,
    name: str,
    head: TopicHead | None,
    form: ProduceForm,
    *,
    refused: str = "",
    source: str = "",
    tombstone: ProducerRecord | None = None,
    told: bool = False,
    status: int = 200,
) -> HttpResponse:
    sent = sendings.of(_user_id(request), cluster.pk, name)
    is_guest = isinstance(request.user, Guest)
    most = settings.GUEST_UPLOAD_MAX_MEMORY_SIZE if is_guest else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    page = ProducePage(cluster, name, head, form, sent, refused, source, tombstone, told=told, form_bytes_max=most)
    return render(request, "console/records/produce.html", {"page": page}, status=status)


def _filled_from(cluster: Cluster, head: TopicHead, source: str) -> tuple[ProduceForm, str]:
    """The form with the exact bytes of a record, and why it could not be filled."""
    initial: dict[str, object] = PLAIN | {"idempotent": True, "times": 1}
    partition, _, offset = source.partition("/")
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in (partition, offset)):
        return ProduceForm(initial=initial), "this is no place of a record: it looks like 3/84002117"
    try:
        record = records.one(connection_spec(cluster), head.topic.name, int(partition), int(offset))
    except NotFound as error:
        return ProduceForm(initial=initial), error.reason
    if record.size > PREFILL_BYTES_MAX:
        return ProduceForm(initial=initial), f"a record of {record.size} bytes is too long for a form"
    for part, data in (("key", record.key), ("value", record.value)):
        initial[f"{part}_kind"], initial[part] = encodings.written(data, lines=part == "value")
    rows = []
    for header, data in record.headers:
        kind, text = encodings.written(data, lines=False)
        kind = "hex" if not header and not data and data is not None else kind  # else the row would count as blank
        rows.append(HeaderRow(header, kind, text))
    if record.key is None or partition_of(record.key, head.partitions, "murmur2") != record.partition:
        initial |= {"where": "chosen", "partition": record.partition}
    return ProduceForm(initial=initial, rows=rows), ""


@open_to_guests
@require_POST
def key_partitions(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """Where a key goes that is being typed. A POST, so that no key is in an address; it changes nothing."""
    cluster_for(request.user, cluster_id, needs=OPERATE, changes_cluster=False)
    form = ProduceForm(request.POST)
    form.is_valid()
    asked = form.cleaned_data
    partitions = request.POST.get("partitions", "")
    key = drafts.Typed(asked.get("key_kind", ""), asked.get("key", ""))
    count = int(partitions) if partitions.isascii() and partitions.isdigit() and len(partitions) < 10 else 0
    where = drafts.where_goes(key, asked["fill"], count, asked.get("client", ""))
    return render(request, "components/where_table.html", {"where": where})


@open_to_guests
@require_safe
def sending_list(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """What was sent from the page: the part of it that looks again while something is under way."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    return _sent(request, cluster, name)


@open_to_guests
@require_POST
def sending_cancel(request: HttpRequest, cluster_id: uuid.UUID, name: str, sending_id: uuid.UUID) -> HttpResponse:
    """Send no more of it."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    sendings.cancel(_sending(request, cluster, name, sending_id))
    return _sent(request, cluster, name)


@open_to_guests
@require_POST
def sending_go_on(request: HttpRequest, cluster_id: uuid.UUID, name: str, sending_id: uuid.UUID) -> HttpResponse:
    """Send what is missing of it."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    sending = _sending(request, cluster, name, sending_id)
    sendings.go_on(audit.actor_of(request), cluster, connection_spec(cluster), sending)
    sending.ended.wait(ANSWER_WITHIN_S)
    return _sent(request, cluster, name)


def _sent(request: HttpRequest, cluster: Cluster, name: str) -> HttpResponse:
    if not request.htmx:
        return redirect("console:produce", cluster_id=cluster.pk, name=name)
    sent = sendings.of(_user_id(request), cluster.pk, name)
    page = ProducePage(cluster, name, None, ProduceForm(), sent, told=True, live=True)
    return render(request, "console/records/produce.html#looked", {"page": page})


def _sending(request: HttpRequest, cluster: Cluster, name: str, sending_id: uuid.UUID) -> sendings.Sending:
    found = sendings.find(_user_id(request), cluster.pk, name, sending_id)
    if found is None:
        raise Http404("no such sending")
    return found


def _user_id(request: HttpRequest) -> int | str:
    return audit.actor_of(request).who
