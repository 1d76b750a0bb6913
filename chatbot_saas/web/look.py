"""What templates of every app are put together with: icons, the page's title, numbers and times."""

from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.currencies import fraction_digits
from chatbot_saas.web.icons import DIRECTED, ICONS
from chatbot_saas.web.markdown import html as markdown

register = template.Library()
# As file managers count; 1,024 would show another size than theirs.
_BYTES = 1000.0
_TONES = {"success": "good", "warning": "warn", "error": "bad", "debug": ""}
_TONE_ICONS = {"good": "check", "warn": "alert", "bad": "alert"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon that a screen reader passes over; what it stands for is said beside it."""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        " turns" if name in DIRECTED else "",
        ICONS[name],
    )


@register.simple_tag(takes_context=True)
def same_as(context: template.Context, block: str) -> SafeString:
    """The text of a block once more: a page says its title once, for the window and the heading."""
    blocks: Any = context.render_context.get(BLOCK_CONTEXT_KEY)
    # A template that extends nothing has no blocks, as an error page in a part.
    found = blocks.get_block(block) if blocks else None
    return SafeString(found.nodelist.render(context) if found else "")


@register.simple_tag(takes_context=True)
def current(context: template.Context, *names: str) -> SafeString:
    """` aria-current="page"` where the page's url name is one of these."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match is not None and match.url_name in names
    return SafeString(' aria-current="page"' if here else "")


@register.simple_tag
def home_url() -> str:
    """The first page of this host: a workspace's overview, or the platform's start page."""
    try:
        return reverse("overview")
    except NoReverseMatch:
        return reverse("start")


@register.simple_tag
def operator() -> dict[str, object]:
    """Who runs the platform. Not in the pages' context: an error's page has none, and says it too."""
    return {
        "name": settings.OPERATOR_NAME,
        "logo": settings.OPERATOR_LOGO,
        "dark_logo": settings.OPERATOR_LOGO_DARK,
        "imprint": settings.IMPRINT_URL,
        "privacy": settings.PRIVACY_URL,
    }


@register.filter
def tone(message_tags: str) -> str:
    """The look of one of Django's messages."""
    return _TONES.get(message_tags.rsplit(maxsplit=1)[-1] if message_tags else "", "")


@register.filter
def tone_icon(look: str) -> str:
    return _TONE_ICONS.get(look, "info")


@register.filter
def usd(amount: Decimal | None) -> str:
    """An amount of USD with as many digits as it has to say something.

    >>> usd(Decimal("12.5")), usd(Decimal("0.000412")), usd(Decimal(0)), usd(None)
    ('$12.50', '$0.0004', '$0.00', '–')
    """
    if amount is None:
        return "–"
    # An answer may cost a hundredth of a cent, and "$0.00" would say it was free.
    if amount and abs(amount) < Decimal("0.0001"):
        return "< $0.0001"
    return f"${amount:,.4f}" if amount and abs(amount) < Decimal("0.1") else f"${amount:,.2f}"


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """A price as the reader's language writes numbers, without cents that are none.

    >>> money(Decimal("1234.5"), "EUR"), money(Decimal("29.00"), "EUR")
    ('1,234.50\\xa0EUR', '29\\xa0EUR')
    """
    digits = 0 if amount == round(amount) else fraction_digits(currency)
    shown = number_format(amount, decimal_pos=digits, use_l10n=True, force_grouping=True)
    return _("%(amount)s\u00a0%(currency)s") % {"amount": shown, "currency": currency}


@register.filter
def count(number: int | None) -> str:
    """
    >>> count(12345), count(None)
    ('12,345', '–')
    """
    return "–" if number is None else f"{number:,}"


@register.filter
def file_size(size: int) -> str:
    """Bytes for people: 999 bytes, 1.2 kB, 25 MB."""
    if size < _BYTES:
        return _("%(number)s bytes") % {"number": size}
    number, unit = size / _BYTES, "kB"
    if number >= _BYTES:
        number, unit = number / _BYTES, "MB"
    return f"{number:,.1f} {unit}" if number < 10 else f"{number:,.0f} {unit}"


@register.filter
def milliseconds(value: float | None) -> str:
    """
    >>> milliseconds(12.34), milliseconds(2400), milliseconds(None)
    ('12 ms', '2.4 s', '–')
    """
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


@register.filter
def share(part: int, whole: int) -> str:
    """A part as a percentage of the whole."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.simple_tag
def badge(text: str, tone: str = "", icon_name: str = "") -> SafeString:
    """A short state, in a tone (`good`, `warn`, `bad`, `accent`) and with an icon."""
    # Joined here and not in a template of its own: a list has hundreds of these.
    shown = icon(icon_name) if icon_name else ""
    return format_html('<span class="{}">{}{}</span>', f"badge {tone}".strip(), shown, text)


# Of (text, citations, answer): its Markdown, each marker leading to the quote that `quote_id` names.
register.simple_tag(markdown.answer_html, name="answer_text")
register.filter(markdown.quote_id)
register.filter(markdown.plain_text)


@register.inclusion_tag("_field.html")
def form_row(field: BoundField) -> dict[str, BoundField]:
    """A form's field with its label, its help and what is wrong with it."""
    return {"field": field}


@register.simple_block_tag
def empty_state(
    content: str, icon_name: str, title: str, url_name: str = "", action: str = ""
) -> SafeString:
    """What stands where a list would: why it is empty, and the next step with its page."""
    url = reverse(url_name) if url_name else ""
    context = {
        "icon_name": icon_name,
        "title": title,
        "text": content,
        "url": url,
        "action": action,
    }
    return render_to_string("_empty.html", context)


@register.simple_block_tag
def stacked_table(content: str, *columns: str, actions: str = "") -> SafeString:
    """A table of the rows within, which on a narrow screen become cards. Its last column has no name
    that is seen where it holds `actions`."""
    context = {"columns": columns, "actions": actions, "rows": content}
    return render_to_string("_table.html", context)


@register.inclusion_tag("_meter.html")
def meter(part: Decimal | int, whole: Decimal | int) -> dict[str, object]:
    """How much of a limit is used: towards its end it warns."""
    width = min(100.0, 100.0 * float(part) / float(whole)) if whole else 0.0
    # A warning before the limit is reached: there is time to change the plan.
    look = "bad" if width >= 100 else "warn" if width >= 80 else ""
    return {"width": f"{width:.1f}", "look": look}


@register.filter
def words(name: str) -> str:
    """A field's name as people write it.

    >>> words("allowed_origins")
    'Allowed origins'
    """
    return name.replace("_", " ").capitalize()


@register.filter
def initial(name: str) -> str:
    return next((each for each in name if each.isalnum()), "?").upper()
