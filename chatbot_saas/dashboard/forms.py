"""Forms of the pages about chatbots. The rules are the service's; its refusals stand beside fields."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from chatbot_saas.web.forms import NameField
from chatbot_saas.web.service_form import ServiceForm
from conversations.chatbots import rules
from conversations.chatbots.contact import LONGEST, check_part
from conversations.chatbots.pictures import MAX_PICTURE_BYTES
from conversations.chatbots.services import ChatbotFields, ChatbotSettings
from conversations.models import Language, Position, Theme, Unsourced, Unsupported
from core.errors import InvalidRequest
from knowledge.document_list import SourceView

_OFF = {"autocomplete": "off"}


class LinesField(forms.CharField):
    """Several values, one on each line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        # After an error it is the text as it was typed, before it the saved list.
        return value if isinstance(value, str) or value is None else "\n".join(value)


class NewChatbotForm(ServiceForm):
    name = NameField(
        label=_("Name"),
        max_length=rules.MAX_NAME_LENGTH,
        help_text=_("Visitors see it above the chat."),
        widget=forms.TextInput(attrs=_OFF),
    )


class DeleteChatbotForm(ServiceForm):
    name = forms.CharField(label=_("Name of the chatbot"), widget=forms.TextInput(attrs=_OFF))

    def __init__(self, *args: Any, expected: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._expected = expected

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        # Copied names come with spaces around them, and those are not what is asked.
        if " ".join(name.split()) != self._expected:
            raise forms.ValidationError(_("This is not its name. Nothing was deleted."))
        return name


class AvatarForm(ServiceForm):
    """A picture, or with `remove` none."""

    avatar = forms.FileField(
        label=_("File"),
        help_text=_("PNG, JPEG or WebP of at most 64 kB, 16 to 1024 pixels wide and high."),
        error_messages={"required": _("Choose a picture.")},
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.removes = "remove" in self.data
        self.fields["avatar"].required = not self.removes

    def clean_avatar(self) -> "UploadedFile[bytes] | None":
        file: UploadedFile[bytes] | None = self.cleaned_data["avatar"]
        if file is not None and (file.size or 0) > MAX_PICTURE_BYTES:
            raise forms.ValidationError(_("The picture is larger than 64 kB."))
        return file


class ChatbotForm(NewChatbotForm):
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        max_length=rules.MAX_INSTRUCTIONS_LENGTH,
        help_text=_(
            "How it should speak and what it should leave to people. Visitors never see it."
        ),
        widget=forms.Textarea,
    )
    model = forms.ChoiceField(label=_("Model"), required=False)
    color = forms.CharField(
        label=_("Colour"),
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Text on it is white or black, whichever can be read."),
    )
    theme = forms.ChoiceField(
        label=_("Light or dark"),
        choices=[
            (Theme.VISITOR, _("As the visitor's device")),
            (Theme.LIGHT, _("Light")),
            (Theme.DARK, _("Dark")),
        ],
    )
    position = forms.ChoiceField(
        label=_("Side of the page"),
        choices=[
            (Position.END, _("Where lines end (right in English)")),
            (Position.START, _("Where lines start (left in English)")),
        ],
    )
    language = forms.ChoiceField(
        label=_("Language of the buttons"),
        choices=[
            (Language.PAGE, _("As the page")),
            *(choice for choice in Language.choices if choice[0] != Language.PAGE),
        ],
        help_text=_("Answers are in the language of the question."),
    )
    launcher_text = forms.CharField(
        label=_("Text beside the icon"),
        required=False,
        max_length=rules.MAX_LAUNCHER_TEXT_LENGTH,
        help_text=_("On the button that opens the chat: Ask us"),
    )
    welcome = forms.CharField(
        label=_("Welcome"),
        required=False,
        max_length=rules.MAX_WELCOME_LENGTH,
        help_text=_("What it says before anybody asks."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    suggested_questions = LinesField(
        label=_("Suggested questions"),
        required=False,
        help_text=_("One on each line, six at most."),
    )
    allowed_origins = LinesField(
        label=_("Allowed origins"),
        required=False,
        widget=forms.Textarea(attrs={"dir": "ltr", "spellcheck": "false"}),
        help_text=_(
            "Pages that may show the chatbot, one on each line: https://www.example.com. "
            "https://*.example.com stands for all subdomains of a domain, and not for itself. "
            "This workspace's own address lets the preview and the hosted page work."
        ),
    )
    source_ids = forms.TypedMultipleChoiceField(
        label=_("Answers from"),
        required=False,
        coerce=UUID,
        help_text=_("With none chosen it answers from all documents."),
        widget=forms.CheckboxSelectMultiple,
    )

    contact_email = forms.CharField(label=_("E-mail address"), required=False)
    contact_phone = forms.CharField(label=_("Phone"), required=False)
    contact_url = forms.CharField(
        label=_("Page"), required=False, help_text=_("A contact form, for example: https://…")
    )
    contact_hours = forms.CharField(
        label=_("Hours"), required=False, help_text=_("When people are there: Mon–Fri, 9–17")
    )
    contact_text = forms.CharField(label=_("What to say first"), required=False)
    unsupported_statements = forms.ChoiceField(
        label=_("Statements that their source does not support"),
        choices=[
            (Unsupported.SHOW, _("Show them like any other")),
            (Unsupported.MARK, _("Show them with a mark")),
            (Unsupported.WITHHOLD, _("Leave them out")),
        ],
        help_text=_(
            "Every statement is compared with the passage it cites. Transcripts always say which failed."
        ),
    )
    unsourced_answers = forms.ChoiceField(
        label=_("Answers without a source"),
        choices=[
            (Unsourced.SHOW, _("Show them, and say that they have none")),
            (Unsourced.REFUSE, _("Say “I do not know” instead")),
        ],
    )

    def __init__(
        self, *args: Any, models: Sequence[str], sources: Sequence[SourceView], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        # Whether it shows what is not saved yet.
        self.is_unsaved = self.is_bound
        # An empty choice follows the platform when its model changes; a name would not.
        usual = _("The platform's own (%s)") % settings.LLM_MODEL
        self._offer("model", [("", usual), *((each, each) for each in models)])
        self._offer("source_ids", [(str(each.id), each.name) for each in sources])

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean(self) -> dict[str, Any]:
        checked: dict[str, Any] = super().clean() or self.cleaned_data
        for name in LONGEST:
            try:
                check_part(name, checked.get(f"contact_{name}", ""))
            except InvalidRequest as error:
                self.add_error(f"contact_{name}", str(error))
        return checked

    def fields_of_service(self) -> ChatbotFields:
        given = dict(self.cleaned_data)
        given["contact"] = {name: given.pop(f"contact_{name}") for name in LONGEST}
        return cast(ChatbotFields, given)


def initial_of(chatbot: ChatbotSettings) -> dict[str, Any]:
    """What the form shows before anybody types."""
    return {
        "name": chatbot.name,
        "instructions": chatbot.instructions,
        "model": chatbot.model,
        "color": chatbot.color,
        "theme": chatbot.theme,
        "position": chatbot.position,
        "language": chatbot.language,
        "launcher_text": chatbot.launcher_text,
        "welcome": chatbot.welcome,
        "suggested_questions": chatbot.suggested_questions,
        "allowed_origins": chatbot.allowed_origins,
        "source_ids": [str(each) for each in chatbot.source_ids],
        **{f"contact_{name}": chatbot.contact.get(name, "") for name in LONGEST},
        "unsupported_statements": chatbot.unsupported_statements,
        "unsourced_answers": chatbot.unsourced_answers,
    }
