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
from console.kafka import configs
from console.kafka.configs import ConfigEntry
from console.kafka.errors import ClusterUnreachable, NotFound
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, outages, topics
from console.services.clusters import connection_spec
from console.services.config_texts import exact
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


@require_http_methods(["GET", "HEAD", "POST"])
def config_change(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The form; with what was typed its review; with POST and the agreement the change."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    spec = connection_spec(cluster)
    posted = request.method == "POST"
    data = request.POST if posted else request.GET
    try:
        entries = configs.topic_configs(spec, name)
    except NotFound:
        if posted:
            return outcome(request, cluster, name, topics.Gone(f"topic {name} is not there any more"))
        raise
    except ClusterUnreachable as error:
        if posted:
            return outcome(request, cluster, name, error)
        raise
    outages.answered(cluster.pk)
    own = {entry.name: entry.value for entry in entries if entry.source == "topic"}
    errors: dict[str, str] = {}
    typed, seen = _typed(data, errors), own
    if posted and not errors:
        seen = _seen(data, errors, own)
    wanted = {key: exact(key, value) or None for key, value in typed.items()}
    changes = {key: value for key, value in wanted.items() if value != seen.get(key)}
    refused = None
    if changes and not errors:
        try:
            if posted and data.get("do") == "change":
                topics.change_configs(cluster, audit.actor_of(request), name, changes, seen)
                _say(request, cluster, name, changes, seen)
                return redirect("console:config-list", cluster_id=cluster.pk, name=name)
            topics.check_configs(spec, name, changes)
        except (topics.Gone, topics.PerhapsDone, ClusterUnreachable) as error:
            return outcome(request, cluster, name, error)
        except topics.Meanwhile as error:
            refused = error
        except topics.NotDone as error:
            refused = error
            errors[error.field or "all"] = str(error)
    if refused and isinstance(refused, topics.Meanwhile):
        changes = {key: value for key, value in wanted.items() if value != own.get(key)}
    only = str(data.get("only", ""))
    shown = {key: value for key, value in own.items() if value is not None} | typed
    page = ConfigChangePage(
        cluster=cluster,
        name=name,
        rows=setting_rows(entries, shown, errors, only=only if only in {entry.name for entry in entries} else ""),
        seen=json.dumps(own),
        only=only,
        changes=_reviewed(entries, changes, errors) if typed else None,
        command=configs_command(spec.bootstrap, name, changes) if changes else "",
        errors=errors,
        refused=refused,
    )
    status = 409 if refused or errors else 200
    return render(request, "console/topics/change_configs.html", {"page": page}, status=status)


def _typed(data: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
    try:
        return typed_settings(data)
    except ValidationError as error:
        errors["all"] = error.message
        return {}


def _seen(data: Mapping[str, str], errors: dict[str, str], own: dict[str, str | None]) -> dict[str, str | None]:
    try:
        return seen_settings(data)
    except ValidationError as error:
        errors["all"] = error.message
        return own


def _reviewed(entries: list[ConfigEntry], changes: Mapping[str, str | None], errors: Mapping[str, str]) -> list[Change]:
    known = {entry.name: entry for entry in entries}
    found = []
    for name, value in sorted(changes.items()):
        entry = known.get(name) or ConfigEntry(name, None, None, "unknown", "unknown", None, False, False)
        after = entry.default if value is None else value
        found.append(Change(entry, entry.value, after, value is None, errors.get(f"{SETTING}{name}", "")))
    return found


def _say(
    request: HttpRequest,
    cluster: Cluster,
    name: str,
    changes: Mapping[str, str | None],
    seen: Mapping[str, str | None],
) -> None:
    """What was done, with the way back: the form with the values from before."""
    words = (
        f"{next(iter(changes))} of {name} was changed." if len(changes) == 1 else f"{len(changes)} settings changed."
    )
    form = reverse("console:config-change", args=[cluster.pk, name])
    back = f"{form}?{urlencode({f'{SETTING}{key}': seen.get(key) or '' for key in changes})}"
    messages.success(request, words, extra_tags=back if len(back) <= PUT_BACK_MAX else "")
