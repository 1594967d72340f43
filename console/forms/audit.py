"""The filters of the audit log. An address typed wrongly shows the log without that filter, not an error page."""

from typing import Any

from django import forms

from console.forms.lists import AskedForm
from console.models import Result

ID_MAX = 2**63 - 1


class AuditForm(AskedForm):
    """Which entries are asked for."""

    q = forms.CharField(required=False, max_length=300, strip=True)
    who = forms.CharField(required=False, max_length=150, strip=True)
    action = forms.CharField(required=False, max_length=60, strip=True)
    result = forms.ChoiceField(required=False, choices=Result.choices)
    cluster = forms.UUIDField(required=False)
    since = forms.DateTimeField(required=False, error_messages={"invalid": "A time is like 2026-11-28T14:00 (UTC)."})
    until = forms.DateTimeField(required=False, error_messages={"invalid": "A time is like 2026-11-28T14:00 (UTC)."})
    older = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)
    newer = forms.IntegerField(required=False, min_value=0, max_value=ID_MAX)

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments for console.services.audit_log."""
        names = ("q", "who", "action", "result", "cluster", "since", "until")
        return {name: self.cleaned_data.get(name) or None for name in names}
