"""What a failed answer's codes mean to who runs the chatbot: what happened, and what to do."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Failure:
    what: Promise
    do: Promise


# Who runs the platform has the key: a workspace has none of its own.
_OPERATOR = _("Tell whoever runs the platform; asking again does not help until then.")
REFUSED = {
    "key": Failure(
        _("The model's provider refused the platform's key: it is wrong, revoked, or not for it."),
        _OPERATOR,
    ),
    "quota": Failure(
        _("The platform's account with the model's provider has no money left."), _OPERATOR
    ),
    "rate": Failure(
        _("The model's provider had too many requests in this moment."),
        _("Ask again in a minute. If it happens often, tell whoever runs the platform."),
    ),
    "model": Failure(
        _("The model's provider does not know this model."),
        _("Choose another model in the chatbot's settings, or tell whoever runs the platform."),
    ),
    "request": Failure(
        _("The model's provider refused the request: it may be too long for this model."),
        _("Shorten the chatbot's instructions, or choose another model in its settings."),
    ),
}
FAILURES = {
    "interrupted": Failure(
        _(
            "The answer broke off: the connection to the model, or a server of the platform, went away."
        ),
        _("Nothing needs to be mended. The visitor can ask again."),
    ),
    "provider_busy": Failure(
        _("Too many answers were being written at once, here or at the model's provider."),
        _("Ask again in a minute. If it happens often, tell whoever runs the platform."),
    ),
    "provider_timeout": Failure(
        _("The model did not answer in time."),
        _("Ask again. If it happens often, choose a faster model in the chatbot's settings."),
    ),
    "provider_unavailable": Failure(
        _("The model's provider could not be reached."),
        _("Ask again in a few minutes. If it lasts, tell whoever runs the platform."),
    ),
    "provider_failed": Failure(
        _("The model's provider refused the request, or failed itself."),
        _("Ask again. If it lasts, choose another model, or tell whoever runs the platform."),
    ),
    "provider_protocol": Failure(
        _("What the model's provider sent was no whole answer."),
        _("Ask again. If it lasts, choose another model in the chatbot's settings."),
    ),
    "provider_empty": Failure(
        _("The model ended without a word."),
        _("Put the question differently, or look whether the instructions forbid an answer."),
    ),
    "internal_error": Failure(
        _("Something went wrong on the platform's side. It is in its log, with this turn's time."),
        _("Ask again. If it happens again, tell whoever runs the platform."),
    ),
}


def find_failure(error_code: str, refused: str) -> Failure | None:
    """None for a turn that did not fail; a code of another release is a failure of the platform."""
    if not error_code:
        return None
    return REFUSED.get(refused) or FAILURES.get(error_code, FAILURES["internal_error"])
