"""A new topic: the rules of its name while one types, its settings with this cluster's defaults, what it would cost.

*Invariants*: a GET creates nothing, and its address is the whole form; a POST creates once or says why not, in the
field where the mistake is, with everything that was typed.
*Not here*: the rules (services/topic_names.py), the write (services/topics.py).
"""

import re
import uuid
from dataclasses import dataclass, field

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.forms.topics import NewTopicForm, typed_settings
from console.guests import open_to_guests
from console.kafka import configs, topic_defaults, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.kafka.topic_defaults import Ground
from console.kafka.topic_writes import BROKER_DEFAULT, NewTopic
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, config_texts, outages, topic_names
from console.services import topics as writes
from console.services.clusters import connection_spec
from console.services.topic_commands import create_command
from console.services.topic_costs import Plan, sentences
from console.views.setting_rows import SettingRows, setting_rows
from console.views.topic_outcomes import outcome

OFFERED_MAX = 1000  # names to copy settings from


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of what will be made: what the cluster would choose, and what this topic gets."""

    name: str
    default: str | None
    value: str | None
    changes: bool


@dataclass(slots=True)
class NewTopicPage:
    """Context of console/topics/new.html."""

    cluster: Cluster
    spec: ConnectionSpec
    ground: Ground
    form: NewTopicForm
    rows: SettingRows
    like: str  # the topic that it was copied from
    errors: dict[str, str]
    asked: bool = False  # the cluster was asked, and would make it
    live: bool = False  # only what changes while one types
    place: str = "topics"
    differences: list[Difference] = field(init=False)
    sentences: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.differences = _differences(self)
        self.sentences = sentences(_plan(self), self.ground)

    @property
    def name(self) -> str:
        """As typed."""
        return str(self.form.data.get("name", ""))

    @property
    def rules(self) -> tuple[topic_names.Rule, ...]:
        """The rules of a name."""
        return topic_names.rules(self.name, self.there)

    @property
    def there(self) -> frozenset[str] | None:
        """The names that are taken, if they are known."""
        return self.ground.names if self.ground is not topic_defaults.NOTHING else None

    @property
    def refusal(self) -> str:
        """Why nothing can be made yet."""
        return topic_names.refusal(self.name, self.there)

    @property
    def copies(self) -> list[tuple[str, str]]:
        """How many copies can be chosen, in words."""
        brokers = len(self.ground.brokers)
        default = self.ground.replication_factor
        own = "the cluster’s own" + (f": {default}" if default else "")
        return [("", own)] + [
            (str(number), f"{number}, one on each broker" if number == brokers > 1 else str(number))
            for number in range(brokers, 0, -1)
        ]

    @property
    def wanted(self) -> NewTopic:
        """What is asked for."""
        asked = self.form.cleaned_data if self.form.is_valid() else {}
        partitions, copies = asked.get("partitions"), asked.get("copies")
        return NewTopic(
            self.name,
            BROKER_DEFAULT if partitions is None else partitions,
            BROKER_DEFAULT if copies is None else copies,
            self.rows.given,
        )

    @property
    def command(self) -> str:
        """The same on the command line."""
        return create_command(self.spec.bootstrap, self.wanted)

    @property
    def offered(self) -> list[str]:
        """Topics to copy from."""
        return sorted(name for name in self.ground.names if not name.startswith("__"))[:OFFERED_MAX]

    def error(self, field_name: str) -> list[str]:
        """What is wrong with a field."""
        return [self.errors[field_name]] if field_name in self.errors else []


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def topic_create(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """The form, what it would make, and with POST the topic."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    if request.method == "POST":
        return _post(request, cluster)
    spec = connection_spec(cluster)
    live = request.htmx.target == "rules"
    ground = topic_defaults.recent_ground(spec) if live else topic_defaults.ground(spec)
    outages.answered(cluster.pk)
    data, errors = request.GET.copy(), {}
    if request.GET.get("like") and "name" not in request.GET:
        try:
            _copy(spec, request.GET["like"], data)
        except KafkaError as error:
            errors["like"] = f"The settings of {request.GET['like']} were not copied: {error}"
    page = _page(cluster, spec, ground, data, errors)
    page.live = live
    return render(request, "console/topics/new.html#live" if live else "console/topics/new.html", {"page": page})


def _post(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    try:
        spec = connection_spec(cluster)
        name = request.POST.get("name", "")
        ground = topic_defaults.ground(spec, "" if topic_names.refusal(name, None) else name)
    except ClusterUnreachable as error:
        return outcome(request, cluster, "", error)
    page = _page(cluster, spec, ground, request.POST, {})
    errors = dict(page.errors)
    if page.refusal:
        errors["name"] = page.refusal
    if not errors:
        try:
            if request.POST.get("do") != "ask":
                made = writes.create(cluster, audit.actor_of(request), page.wanted)
                count = made.partitions
                words = f" with {count} {'partition' if count == 1 else 'partitions'}" if count else ""
                messages.success(request, f"Topic {page.name} was created{words}.")
                return redirect("console:topic-detail", cluster_id=cluster.pk, name=page.name)
            writes.ask_about(spec, page.wanted)
            page.asked = True
            return render(request, "console/topics/new.html", {"page": page})
        except (writes.PerhapsDone, ClusterUnreachable) as error:
            return outcome(request, cluster, page.name, error)
        except writes.NotDone as error:
            errors[error.field or "all"] = str(error)
    page = _page(cluster, spec, ground, request.POST, errors)
    return render(request, "console/topics/new.html", {"page": page}, status=409)


def _page(
    cluster: Cluster, spec: ConnectionSpec, ground: Ground, data: QueryDict, errors: dict[str, str]
) -> NewTopicPage:
    form = NewTopicForm(data)
    found = {key: str(words[0]) for key, words in form.errors.items()} | errors
    try:
        typed = typed_settings(data)
    except ValidationError as error:
        typed, found["all"] = {}, error.message
    rows = setting_rows(ground.settings, typed, found)
    return NewTopicPage(cluster, spec, ground, form, rows, str(data.get("like", ""))[:249], found)


def _copy(spec: ConnectionSpec, like: str, data: QueryDict) -> None:
    """Put another topic's shape and own settings into the form."""
    found = topics.describe_topic(spec, like)
    data["partitions"], data["copies"] = str(len(found.partitions)), str(found.replication_factor)
    for entry in configs.topic_configs(spec, like):
        if entry.source == "topic" and entry.value is not None:
            data[f"set.{entry.name}"] = config_texts.typed(entry.value)


def _differences(page: NewTopicPage) -> list[Difference]:
    wanted, ground = page.wanted, page.ground
    found = []
    for words, value, default in (
        ("Partitions", wanted.partitions, ground.partitions),
        ("Copies", wanted.replication_factor, ground.replication_factor),
    ):
        told = None if default is None else str(default)
        chosen = told if value == BROKER_DEFAULT else str(value)
        found.append(Difference(words, told, chosen, chosen != told))
    defaults = {row.name: row.entry.default for row in (*page.rows.first, *page.rows.rest)}
    given = page.rows.given.items()
    return found + [Difference(name, defaults[name], value, value != defaults[name]) for name, value in given]


def _plan(page: NewTopicPage) -> Plan:
    wanted, ground = page.wanted, page.ground

    def counts(name: str) -> str | None:
        entry = ground.setting(name)
        return wanted.configs.get(name, entry.value if entry else None)

    def number(name: str) -> int | None:
        text = counts(name) or ""
        return int(text) if re.fullmatch("-?[0-9]{1,20}", text) else None

    def limit(name: str) -> int | None:
        found = number(name)
        return None if found is None or found < 0 or found >= 2**63 - 1 else found

    policy = counts("cleanup.policy")
    return Plan(
        partitions=ground.partitions if wanted.partitions == BROKER_DEFAULT else wanted.partitions,
        copies=ground.replication_factor if wanted.replication_factor == BROKER_DEFAULT else wanted.replication_factor,
        needed=number("min.insync.replicas"),
        limit_bytes=limit("retention.bytes"),
        limit_ms=limit("retention.ms"),
        deletes=policy is None or "delete" in policy,
        compacts=policy is not None and "compact" in policy,
    )
