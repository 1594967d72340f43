"""Forms about people: signing in, passwords, who they are, their roles, tokens and invite links."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from console.models import INVITE_DAYS_MAX, KINDS, SCOPES, TOKEN_DAYS_MAX, Cluster, Role, User

PASSWORD_MAX = 1000  # characters; hashing more costs time for nothing
ROLES = [(str(role.value), role.label) for role in Role]


class SignInForm(forms.Form):
    """Name and password."""

    name = UsernameField(max_length=150, strip=True)
    password = forms.CharField(max_length=PASSWORD_MAX, strip=False)


class NameField(UsernameField):
    """A name that somebody signs in with."""

    def __init__(self) -> None:
        said = {"required": "Type a name.", "max_length": "A name has at most 150 characters."}
        super().__init__(max_length=150, strip=True, validators=[UnicodeUsernameValidator()], error_messages=said)


class NewPasswordForm(forms.Form):
    """A password that somebody chooses, typed twice."""

    password = forms.CharField(max_length=PASSWORD_MAX, strip=False, error_messages={"required": "Type a password."})
    again = forms.CharField(max_length=PASSWORD_MAX, strip=False, error_messages={"required": "Type it once more."})

    def __init__(self, *given: Any, person: User, **more: Any) -> None:
        super().__init__(*given, **more)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """Both must be the same, and not one that others guess."""
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("again")
        if password and again and password != again:
            self.add_error("again", "These two are not the same.")
        elif password:
            try:
                password_validation.validate_password(password, self.person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class PasswordChangeForm(NewPasswordForm):
    """The same, with the password that one has now."""

    old = forms.CharField(max_length=PASSWORD_MAX, strip=False, error_messages={"required": "Type your old password."})
    revoke_tokens = forms.BooleanField(required=False)


class AcceptForm(NewPasswordForm):
    """What somebody who follows an invite link chooses."""

    name = NameField()


class PersonForm(forms.Form):
    """A new person."""

    name = NameField()
    kind = forms.ChoiceField(choices=list(KINDS.items()))


class KindForm(forms.Form):
    """What somebody is from now on."""

    kind = forms.ChoiceField(choices=list(KINDS.items()))


class MemberForm(forms.Form):
    """Somebody's role on a cluster."""

    name = UsernameField(max_length=150, strip=True, error_messages={"required": "Type the name of a person."})
    role = forms.ChoiceField(choices=ROLES)


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=ROLES)


class ClusterRoleForm(forms.Form):
    """A role on a cluster that is chosen from all."""

    cluster = forms.ModelChoiceField(Cluster.objects.all(), error_messages={"required": "Choose a cluster."})
    role = forms.ChoiceField(choices=ROLES)


class InviteForm(forms.Form):
    """An invite link: for whom, how long, and what it gives; a role for each cluster, or learner."""

    note = forms.CharField(max_length=100, strip=True, error_messages={"required": "Write whom it is for."})
    days = forms.IntegerField(
        min_value=1,
        max_value=INVITE_DAYS_MAX,
        error_messages={"required": "Type for how many days.", "invalid": "Days are a whole number."},
    )
    is_learner = forms.BooleanField(required=False)

    def __init__(self, *given: Any, clusters: list[Cluster], **more: Any) -> None:
        super().__init__(*given, **more)
        self.clusters = clusters
        for cluster in clusters:
            self.fields[f"role-{cluster.pk}"] = forms.ChoiceField(choices=[("", "no role"), *ROLES], required=False)

    @property
    def roles(self) -> dict[Cluster, Role]:
        """What was chosen."""
        chosen = {cluster: self.cleaned_data.get(f"role-{cluster.pk}") for cluster in self.clusters}
        return {cluster: Role(int(role)) for cluster, role in chosen.items() if role}

    @property
    def choices(self) -> list[tuple[Cluster, Any]]:
        """Each cluster with its field, for the template."""
        return [(cluster, self[f"role-{cluster.pk}"]) for cluster in self.clusters]


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=100, strip=True, error_messages={"required": "Write what the token is for."})
    scope = forms.ChoiceField(choices=[(word, word) for word in SCOPES])
    days = forms.IntegerField(
        required=False, min_value=1, max_value=TOKEN_DAYS_MAX, error_messages={"invalid": "Days are a whole number."}
    )
    every = forms.ChoiceField(choices=[("1", "all"), ("", "some")], required=False)

    def __init__(self, *given: Any, clusters: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["clusters"] = forms.ModelMultipleChoiceField(clusters, required=False)
