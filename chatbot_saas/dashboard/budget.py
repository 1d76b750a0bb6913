"""The form with which a workspace bounds what it spends in a month."""

import re
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.budgets import BudgetView, Recipient
from chatbot_saas.web.service_form import ServiceForm

# Figures stand as they are typed, whichever way the page goes.
_FIGURES = {"autocomplete": "off", "dir": "ltr"}
_BETWEEN = re.compile(r"[\s,;،؛%٪]+")


class PercentsField(forms.CharField):
    """Whole numbers, with commas or blanks between them, and perhaps with their signs of percent."""

    def to_python(self, value: Any) -> Any:
        parts = filter(None, _BETWEEN.split(super().to_python(value) or ""))
        try:
            return [int(part) for part in parts]
        except ValueError as error:
            raise forms.ValidationError(_("Write whole numbers, like: 50, 80, 100")) from error

    def prepare_value(self, value: Any) -> Any:
        # After an error it is the text as it was typed, before it what is saved.
        return value if isinstance(value, str) or value is None else ", ".join(map(str, value))


class BudgetForm(ServiceForm):
    amount = forms.DecimalField(
        label=_("US dollars a month"),
        required=False,
        help_text=_("Leave it empty for no budget."),
        error_messages={"invalid": _("Write an amount like 25 or 25.50.")},
        widget=forms.TextInput(attrs={**_FIGURES, "inputmode": "decimal", "placeholder": "25.00"}),
    )
    alert_thresholds = PercentsField(
        label=_("Alert at percent of it"),
        required=False,
        max_length=60,
        help_text=_("Five at most. Leave it empty to alert nobody."),
        widget=forms.TextInput(attrs=_FIGURES),
    )
    alert_recipients = forms.TypedMultipleChoiceField(
        label=_("Who is alerted by e-mail"),
        required=False,
        coerce=UUID,
        help_text=_("With none chosen, owners and admins are."),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, people: Sequence[Recipient], **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast(forms.ChoiceField, self.fields["alert_recipients"])
        field.choices = [(str(each.user_id), _named(each)) for each in people]


def initial_of(budget: BudgetView) -> dict[str, Any]:
    """What the form shows before anybody types."""
    return {
        "amount": budget.amount,
        "alert_thresholds": list(budget.alert_thresholds),
        "alert_recipients": [str(each.user_id) for each in budget.recipients],
    }


def _named(person: Recipient) -> str:
    name = f"{person.name} ({person.email})" if person.name else person.email
    if person.confirmed:
        return name
    return str(_("%s – has not confirmed the address, so no mail is sent there yet") % name)
