"""Forms about people, which the dashboard and the admin share."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chatbot_saas.web.service_form import ServiceForm
from tenants.people.roles import ROLES

_STRENGTH = _("At least ten characters, and nothing that is easy to guess.")


def email_field(**attrs: str) -> forms.EmailField:
    # The word by which password managers find the account.
    widget = forms.EmailInput(attrs={"autocomplete": "username", **attrs})
    return forms.EmailField(label=_("E-mail address"), max_length=254, widget=widget)


def name_field() -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "name"})
    return forms.CharField(label=_("Your name"), max_length=150, widget=widget)


def new_password_field(label: Any = None) -> forms.CharField:
    return forms.CharField(
        label=label or _("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_STRENGTH,
    )


class LogInForm(ServiceForm):
    email = email_field()
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ResetRequestForm(ServiceForm):
    email = email_field()


class NewPasswordForm(ServiceForm):
    password = new_password_field(_("New password"))


class JoinForm(ServiceForm):
    name = name_field()
    password = new_password_field()


class NameForm(ServiceForm):
    name = name_field()


class PasswordChangeForm(ServiceForm):
    current = forms.CharField(
        label=_("Current password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = new_password_field(_("New password"))


class InvitationForm(ServiceForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role, role.capitalize()) for role in ROLES], initial="agent"
    )
