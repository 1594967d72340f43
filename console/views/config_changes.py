"""Changing the settings of a topic: type, look at before and after, agree.

*Invariants*: only the last step changes something, and only settings that are still as the form had shown them; who
is late is told what changed meanwhile and sees it anew, with everything that was typed.
*Not here*: the list of settings (configs.py), the write (services/topics.py).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.forms.topics import SETTING, seen_settings, typed_settings
from console.guests import open_to_guests
from console.kafka import configs
from console.kafka.configs import ConfigEntry
from console.kafka.errors import ClusterUnreachable, NotFound
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, outages, topics
from console.services.clusters import connection_spec
from console.services.config_texts import typed, wanted
from console.services.topic_commands import configs_command
from console.views.setting_rows import SettingRows, setting_rows
from console.views.topic_outcomes import outcome

PUT_BACK_MAX = 2000  # characters of an address that a message can carry


@dataclass(frozen=True, slots=True)
class Change:
    """One setting before and after."""

    entry: ConfigEntry
    before: str | None  # what counts now
    after: str | None  # what would count; None if a default that is not told
    reset: bool  # goes back to the default
    error: str

    @property
    def name(self) -> str:
        """As Kafka calls it."""
        return self.entry.name

    @property
    def new_entry(self) -> ConfigEntry:
        """The setting as it would be."""
        return replace(self.entry, value=self.after)


@dataclass(frozen=True, slots=True)
class ConfigChangePage:
    """Context of console/topics/change_configs.html."""

    cluster: Cluster
    name: str
    rows: SettingRows
    seen: str  # the topic's own values, as the form sends them back
    only: str  # the one setting that is shown; "" for all
    changes: list[Change] | None  # once they are asked for
    command: str
    errors: dict[str, str]
    refused: topics.NotDone | None
    place: str = "topics"

    @property
    def ready(self) -> bool:
        """Whether one can agree."""
        return bool(self.changes) and not self.errors

    @property
    def late(self) -> bool:
        """Whether somebody else was faster."""
        return isinstance(self.refused, topics.Meanwhile)

    @property
    def error_of_all(self) -> list[str]:
        """What is wrong and belongs to no field in sight."""
        shown = {f"{SETTING}{row.name}" for row in (*self.rows.first, *self.rows.rest)}
        return [words for field, words in self.errors.items() if field not in shown]


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def config_change(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The form; with what was typed its review; with POST and the agreement the change."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    posted = request.method == "POST"
    try:
        spec = connection_spec(cluster)
        entries = configs.topic_configs(spec, name)
    except (NotFound, ClusterUnreachable) as error:
        if not posted:
            raise
        return outcome(request, cluster, name, topics.Gone(str(error)) if isinstance(error, NotFound) else error)
    outages.answered(cluster.pk)
    own = {entry.name: entry.value for entry in entries if entry.source == "topic"}
    asked = _asked(request, own)
    refused = None
    try:
        if posted and request.POST.get("do") == "change" and asked.changes and not asked.errors:
            refused = _changed(request, cluster, name, asked)
            if refused is None:
                _say(request, cluster, name, asked)
                return redirect("console:config-list", cluster_id=cluster.pk, name=name)
        if refused is None and asked.moved(own):
            refused = topics.Meanwhile(topics.changed_words(asked.moved(own), asked.seen, own))
        asked = asked.rebased(own)
        if asked.changes and not asked.errors:
            topics.check_configs(spec, name, asked.changes)
    except (topics.Gone, topics.PerhapsDone, ClusterUnreachable) as error:
        return outcome(request, cluster, name, error)
    except topics.NotDone as error:
        refused = refused or error
        asked.errors[error.field or "all"] = str(error)
    page = _page(cluster, name, entries, own, asked, refused)
    status = 409 if refused or asked.errors else 200
    return render(request, "console/topics/change_configs.html", {"page": page}, status=status)


@dataclass(slots=True)
class _Asked:
    """What somebody typed, and the topic's own values as they saw them."""

    only: str
    typed: dict[str, str]
    seen: dict[str, str | None]
    errors: dict[str, str]

    @property
    def changes(self) -> dict[str, str | None]:
        """What would be given to the cluster: None goes back to the default."""
        asked = {key: wanted(key, text) for key, text in self.typed.items()}
        return {key: value for key, value in asked.items() if value != self.seen.get(key)}

    def moved(self, own: Mapping[str, str | None]) -> list[str]:
        """What somebody else changed since this form was opened."""
        return [key for key in self.typed if self.seen.get(key) != own.get(key)]

    def rebased(self, own: dict[str, str | None]) -> "_Asked":
        """The same wish on what is there now: fields that nobody touched show the values of now."""
        changes = self.changes
        kept = {key: text if key in changes else typed(own.get(key)) for key, text in self.typed.items()}
        return replace(self, typed=kept, seen=own)


def _asked(request: HttpRequest, own: dict[str, str | None]) -> _Asked:
    posted = request.method == "POST"
    data = request.POST if posted else request.GET
    only = str(data.get("only", ""))
    try:
        return _Asked(only, typed_settings(data), seen_settings(data) if posted else own, {})
    except ValidationError as error:
        return _Asked(only, {}, own, {"all": error.message})


def _changed(request: HttpRequest, cluster: Cluster, name: str, asked: _Asked) -> topics.NotDone | None:
    """Do it; or say why nothing was changed."""
    try:
        topics.change_configs(cluster, audit.actor_of(request), name, asked.changes, asked.seen)
    except topics.Meanwhile as error:
        return error
    except (topics.Gone, topics.PerhapsDone):
        raise
    except topics.NotDone as error:
        asked.errors[error.field or "all"] = str(error)
        return error
    return None


def _page(
    cluster: Cluster,
    name: str,
    entries: list[ConfigEntry],
    own: dict[str, str | None],
    asked: _Asked,
    refused: topics.NotDone | None,
) -> ConfigChangePage:
    shown = {key: typed(value) for key, value in own.items()} | asked.typed
    only = asked.only if asked.only in {entry.name for entry in entries} else ""
    spec = connection_spec(cluster)
    return ConfigChangePage(
        cluster=cluster,
        name=name,
        rows=setting_rows(entries, shown, asked.errors, only=only),
        seen=json.dumps(own),
        only=only,
        changes=_reviewed(entries, asked.changes, asked.errors) if asked.typed else None,
        command=configs_command(spec.bootstrap, name, asked.changes) if asked.changes else "",
        errors=asked.errors,
        refused=refused,
    )


def _reviewed(entries: list[ConfigEntry], changes: Mapping[str, str | None], errors: Mapping[str, str]) -> list[Change]:
    known = {entry.name: entry for entry in entries}
    found = []
    for name, value in sorted(changes.items()):
        entry = known.get(name) or ConfigEntry(name, None, None, "unknown", "unknown", None, False, False)
        after = entry.default if value is None else value
        found.append(Change(entry, entry.value, after, value is None, errors.get(f"{SETTING}{name}", "")))
    return found


def _say(request: HttpRequest, cluster: Cluster, name: str, asked: _Asked) -> None:
    """What was done, with the way back: the form with the values from before."""
    changes = asked.changes
    words = (
        f"{next(iter(changes))} of {name} was changed." if len(changes) == 1 else f"{len(changes)} settings changed."
    )
    form = reverse("console:config-change", args=[cluster.pk, name])
    back = f"{form}?{urlencode({f'{SETTING}{key}': typed(asked.seen.get(key)) for key in changes})}"
    messages.success(request, words, extra_tags=back if len(back) <= PUT_BACK_MAX else "")
