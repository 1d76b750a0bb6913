"""What a tenant's conversations are made of. Tables of the tenant's own schema."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models

from core.ids import new_id


class PresentChatbots(models.Manager["Chatbot"]):
    """Those that are there for everybody."""

    def get_queryset(self) -> "models.QuerySet[Chatbot]":
        return super().get_queryset().filter(removed_at=None)


class Unsupported(models.TextChoices):
    """What a visitor sees of a statement that the passage it cites does not carry."""

    SHOW = "show"
    MARK = "mark"
    WITHHOLD = "withhold"


class Unsourced(models.TextChoices):
    """What becomes of an answer that cites nothing."""

    SHOW = "show"
    REFUSE = "refuse"


class Theme(models.TextChoices):
    """Whether the widget is light or dark."""

    VISITOR = "visitor"
    LIGHT = "light"
    DARK = "dark"


class Position(models.TextChoices):
    """On which side of a page the widget stands: where its lines end, or where they start."""

    END = "end"
    START = "start"


class Language(models.TextChoices):
    """What the widget itself speaks, each by its own name."""

    PAGE = "page"
    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"
    FRENCH = "fr", "Français"
    SPANISH = "es", "Español"
    ITALIAN = "it", "Italiano"
    PORTUGUESE = "pt", "Português"
    DUTCH = "nl", "Nederlands"
    POLISH = "pl", "Polski"
    TURKISH = "tr", "Türkçe"
    ARABIC = "ar", "العربية"
    PERSIAN = "fa", "فارسی"
    HEBREW = "he", "עברית"
    RUSSIAN = "ru", "Русский"
    UKRAINIAN = "uk", "Українська"
    CHINESE = "zh", "中文"
    JAPANESE = "ja", "日本語"
    KOREAN = "ko", "한국어"
    HINDI = "hi", "हिन्दी"


class Chatbot(models.Model):
    """One bot. Without a `ChatbotSource` it searches all of its tenant's documents."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    instructions = models.TextField(blank=True, default="")
    # Empty: the platform's default model.
    model = models.CharField(max_length=120, blank=True, default="")
    color = models.CharField(max_length=9, default="#2563eb")
    theme = models.CharField(
        max_length=10, choices=Theme.choices, default=Theme.VISITOR, db_default=Theme.VISITOR
    )
    position = models.CharField(
        max_length=10, choices=Position.choices, default=Position.END, db_default=Position.END
    )
    language = models.CharField(
        max_length=10, choices=Language.choices, default=Language.PAGE, db_default=Language.PAGE
    )
    # Beside the launcher's icon.
    launcher_text = models.CharField(max_length=40, blank=True, default="", db_default="")
    # The name of the file that `ChatbotAvatar` holds; empty: the widget shows initials.
    avatar = models.CharField(max_length=40, blank=True, default="", db_default="")
    welcome = models.TextField(blank=True, default="")
    suggested_questions = models.JSONField(default=list)
    # `scheme://host[:port]` values, a host perhaps with `*.`; a page elsewhere cannot use the bot.
    allowed_origins = models.JSONField(default=list)
    # At most two shared secrets for identity tokens, as `chatbots.identity_secrets` keeps them.
    identity_secrets = models.JSONField(default=list)
    # How people are reached: `email`, `phone`, `url`, `hours`, `text`, as far as they are given.
    contact = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    unsupported_statements = models.CharField(
        max_length=10,
        choices=Unsupported.choices,
        default=Unsupported.MARK,
        db_default=Unsupported.MARK,
    )
    unsourced_answers = models.CharField(
        max_length=10, choices=Unsourced.choices, default=Unsourced.SHOW, db_default=Unsourced.SHOW
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Since when its rows are being taken away: it is there for nobody any more.
    removed_at = models.DateTimeField(null=True)

    objects = PresentChatbots()

    def __str__(self) -> str:
        return self.name


class ChatbotAvatar(models.Model):
    """A chatbot's picture, apart from the row that every turn reads. Its name is made of its content."""

    chatbot = models.OneToOneField(
        Chatbot, on_delete=models.CASCADE, primary_key=True, related_name="picture"
    )
    name = models.CharField(max_length=40)
    content = models.BinaryField(max_length=65_536)

    def __str__(self) -> str:
        return self.name


class ChatbotSource(models.Model):
    """A source this chatbot searches; the link lives with the upper app."""

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="sources")
    source = models.ForeignKey("knowledge.Source", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chatbot", "source"], name="chatbot_source_once")
        ]

    def __str__(self) -> str:
        return f"{self.chatbot_id} searches {self.source_id}"


class Sighting(models.Model):
    """A page's origin from which a chat with the chatbot was opened. A few rows per chatbot."""

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="sightings")
    origin = models.CharField(max_length=300)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chatbot", "origin"], name="sighting_once")]

    def __str__(self) -> str:
        return self.origin


class Channel(models.TextChoices):
    WIDGET = "widget"
    API = "api"
    COMPLETIONS = "completions"
    # A member's own trial on the chatbot's page: no visitor's, and counted nowhere.
    PREVIEW = "preview"


class Conversation(models.Model):
    """What one visitor and one chatbot say to each other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="conversations")
    visitor_id = models.UUIDField()
    # The customer's own name for the visitor, from a signed identity token.
    external_user = models.CharField(max_length=255, blank=True, default="")
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.WIDGET)
    created_at = models.DateTimeField(auto_now_add=True)
    # When its latest turn began; null while nobody has said anything, as in most widgets on a page.
    last_message_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["chatbot", "visitor_id", "created_at"], name="conversation_visitor"
            ),
            models.Index(
                fields=["last_message_at", "id"],
                condition=models.Q(last_message_at__isnull=False),
                name="conversation_latest",
            ),
            models.Index(
                fields=["chatbot", "last_message_at", "id"],
                condition=models.Q(last_message_at__isnull=False),
                name="conversation_of_bot_latest",
            ),
            # What counts visitors leaves these out.
            models.Index(
                fields=["id"],
                condition=models.Q(channel=Channel.PREVIEW),
                name="conversation_preview",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class TurnStatus(models.TextChoices):
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


# The visitor may ask the same again, in place of it.
FAILED_TURNS = (TurnStatus.FAILED, TurnStatus.INTERRUPTED)


class Turn(models.Model):
    """A visitor's message and its reply.

    `owner` is the process that answers; `lease_until` passes only when that process is gone.
    `last_seq` is the number of the turn's last event once it has ended. `trace` keeps what
    retrieval found, the prompt that was sent and how long each step took (milliseconds).
    `answered` says whether the reply rests on a citation or answers a greeting; null while the turn
    runs, when the visitor stopped it before it could be told, and when it failed and was asked again:
    its messages have given way to those of the next turn.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    client_turn_id = models.CharField(max_length=128)
    status = models.CharField(max_length=12, choices=TurnStatus, default=TurnStatus.RUNNING)
    owner = models.CharField(max_length=160)
    lease_until = models.DateTimeField()
    stop_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    first_token_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True, default="")
    error_code = models.CharField(max_length=40, blank=True, default="")
    provider = models.CharField(max_length=40, blank=True, default="")
    model = models.CharField(max_length=120, blank=True, default="")
    tokens_in = models.IntegerField(default=0)
    tokens_out = models.IntegerField(default=0)
    last_seq = models.IntegerField(default=0)
    answered = models.BooleanField(null=True)
    trace = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_turn_id"], name="turn_once")
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=models.Q(status=TurnStatus.RUNNING),
                name="turn_running",
            ),
            models.Index(
                fields=["started_at"],
                condition=models.Q(answered=False) | models.Q(status__in=["failed", "interrupted"]),
                name="turn_unanswered",
            ),
            # Holds all that the overview counts.
            models.Index(
                fields=["started_at"], include=["answered", "conversation"], name="turn_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"


class Role(models.TextChoices):
    VISITOR = "visitor"
    ASSISTANT = "assistant"
    AGENT = "agent"


class Message(models.Model):
    """Something said. An assistant's message has the status its turn ended with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="messages", null=True)
    role = models.CharField(max_length=10, choices=Role)
    text = models.TextField()
    status = models.CharField(max_length=12, choices=TurnStatus, default=TurnStatus.COMPLETED)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "created_at"], name="message_order"),
            # No stemming: conversations are in every language.
            GinIndex(SearchVector("text", config="simple"), name="message_words"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"


class Citation(models.Model):
    """What a reply rests on: the words quoted and where they stand.

    It keeps its own title and quote, so that a reply can still be explained after the document is
    gone; `document_id` is that document's id, without a constraint for the same reason.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    n = models.PositiveSmallIntegerField()
    # Where the marker stands in the text, in characters. NULL: an earlier release, for each `[n]`.
    marker = models.PositiveIntegerField(null=True)
    document_id = models.UUIDField(db_index=True)
    title = models.TextField()
    url = models.TextField(null=True)
    page = models.IntegerField(null=True)
    quote = models.TextField()
    # Whether the passage carries the statement before the marker.
    supported = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "marker"], name="citation_once_a_marker")
        ]
        ordering = ["marker", "n"]

    def __str__(self) -> str:
        return f"[{self.n}] {self.title}"


class FeedbackValue(models.TextChoices):
    UP = "up"
    DOWN = "down"


class Feedback(models.Model):
    """A visitor's thumb on a reply; the latest one counts."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="feedback")
    value = models.CharField(max_length=4, choices=FeedbackValue)
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.value} on {self.message_id}"
