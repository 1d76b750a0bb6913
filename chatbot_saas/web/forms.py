"""Forms about people, which the dashboard and the admin share."""

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chatbot_saas.web.service_form import ServiceForm
from core.names import REFUSAL, is_name
from tenants.people.addresses import check_address
from tenants.people.roles import ROLES

_STRENGTH = _("At least ten characters, and nothing that is easy to guess.")


class AddressField(forms.CharField):
    """An e-mail address, in any script (SMTPUTF8)."""

    default_validators = [check_address]

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", super().to_python(value) or "")


class NameField(forms.CharField):
    """What a person, a workspace, a chatbot or a key is called: one line that can be seen."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not is_name(value):
            raise forms.ValidationError(REFUSAL, code="name")


def email_field(**attrs: str) -> AddressField:
    # The word by which password managers find the account. No `type=email`: browsers refuse what
    # they do not know, in their own words.
    usual = {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
    widget = forms.TextInput(attrs={**usual, "spellcheck": "false", **attrs})
    return AddressField(label=_("E-mail address"), max_length=254, widget=widget)


def name_field() -> NameField:
    widget = forms.TextInput(attrs={"autocomplete": "name"})
    return NameField(label=_("Your name"), max_length=150, widget=widget)


def password_field(label: Any = None) -> forms.CharField:
    """The password that somebody has."""
    return forms.CharField(
        label=label or _("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


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
    password = password_field()


class HolderForm(ServiceForm):
    """Asks for the password of an account that is named already."""

    password = password_field()


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
    current = password_field(_("Current password"))
    password = new_password_field(_("New password"))


class AddressForm(ServiceForm):
    email = email_field(autocomplete="email")
    # A name of its own: the form beside it asks for passwords, too.
    own_password = password_field(_("Your password"))


class InvitationForm(ServiceForm):
    email = email_field(autocomplete="off")
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role, role.capitalize()) for role in ROLES], initial="agent"
    )
