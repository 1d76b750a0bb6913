"""How the widget's line comes onto pages of the usual kinds, each with the chatbot's own key."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_LINE = '<script src="{src}" async></script>'
_WORDPRESS = """add_action( 'wp_enqueue_scripts', function () {{
    wp_enqueue_script( 'chatbot', '{src}', array(), null, true );
}} );"""
_REACT = """import {{ useEffect }} from "react";

export function Chatbot() {{
  useEffect(() => {{
    const script = document.createElement("script");
    script.src = "{src}";
    script.async = true;
    document.body.append(script);
  }}, []);
  return null;
}}"""
_NEXT = """import Script from "next/script";

export default function RootLayout({{ children }}) {{
  return (
    <html lang="en">
      <body>
        {{children}}
        <Script src="{src}" strategy="afterInteractive" />
      </body>
    </html>
  );
}}"""
# Name, what to do, and what to copy.
_RECIPES: tuple[tuple[str, str, Promise, str], ...] = (
    ("html", "HTML", _("Put it before </body> of every page that shall have the chat."), _LINE),
    (
        "wordpress",
        "WordPress",
        _("Add it to functions.php of your child theme, or to a plugin for snippets of PHP."),
        _WORDPRESS,
    ),
    (
        "shopify",
        "Shopify",
        _("Online Store, Themes, Edit code: put it before </body> in layout/theme.liquid."),
        _LINE,
    ),
    (
        "tag-manager",
        "Google Tag Manager",
        _("Make a tag of the kind Custom HTML with it, with the trigger All Pages, and publish."),
        _LINE,
    ),
    ("react", "React", _("Render <Chatbot /> once, at the top of the application."), _REACT),
    ("nextjs", "Next.js", _("Put the Script into the body of app/layout.jsx."), _NEXT),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`slug` names it in the page; `code` is what is copied."""

    slug: str
    name: Promise | str
    text: Promise
    code: str


def recipes(src: str) -> list[Recipe]:
    """For the address of the widget's script, with its key."""
    return [Recipe(slug, name, text, code.format(src=src)) for slug, name, text, code in _RECIPES]
