"""Forms about people."""

from django import forms


class SignInForm(forms.Form):
    """Name and password."""

    name = forms.CharField(max_length=150, strip=True)
    password = forms.CharField(max_length=1000, strip=False)
