"""What Word's styles say of a run: whether a reader sees it, and whether its paragraph is a heading."""

from dataclasses import dataclass
from typing import Any

# Half points: Word writes “1 pt” as 2, and nobody reads that.
_MIN_SIZE = 3
_MAX_STYLES, _MAX_CHAIN = 5_000, 20
_OFF = frozenset({"0", "false", "off", "none"})


def local_name(element: Any) -> str:
    """A tag without its namespace, which strict and transitional documents write differently."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """An attribute by its name without the namespace; empty where there is none."""
    found = (value for key, value in element.items() if key.rpartition("}")[2] == name)
    return str(next(found, ""))


def value_of(element: Any) -> str:
    """`w:val`, and `on` or `off` where it says so or says nothing."""
    value = attribute(element, "val")
    return "off" if value.lower() in _OFF else value or "on"


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks as far as it is said: None where it is left to what is above it."""

    hidden: bool | None = None
    white: bool | None = None
    shaded: bool = False

    def over(self, below: "Look") -> "Look":
        """This, and what `below` says where this says nothing."""
        return Look(
            below.hidden if self.hidden is None else self.hidden,
            below.white if self.white is None else self.white,
            self.shaded or below.shaded,
        )


def look_of(properties: Any) -> Look:
    """From `w:rPr`, or from the shading of `w:pPr`."""
    hidden: bool | None = None
    tiny: bool | None = None
    white: bool | None = None
    shaded = False
    for one in properties if properties is not None else ():
        name, value = local_name(one), value_of(one)
        if name in ("vanish", "specVanish"):
            hidden = bool(hidden) or value != "off"
        elif name == "sz" and value.isdigit():
            tiny = int(value[:6]) < _MIN_SIZE
        elif name == "color":
            white = value.upper() == "FFFFFF"
        elif name in ("shd", "highlight"):
            shaded = True
    if tiny is not None and (tiny or hidden is None):
        hidden = tiny or bool(hidden)
    return Look(hidden, white, shaded)


def child_of(element: Any, name: str) -> Any:
    """The first child of this name, or None."""
    return next((child for child in element if local_name(child) == name), None)


@dataclass(frozen=True, slots=True)
class Runs:
    """Judges the runs of one paragraph."""

    styles: "Styles"
    paragraph: Look
    in_table: bool

    def hides(self, run: Any) -> bool:
        """Whether a reader of the printed page does not see it."""
        properties = child_of(run, "rPr")
        direct = look_of(properties)
        named = None if properties is None else child_of(properties, "rStyle")
        styled = self.styles.look(value_of(named)) if named is not None else Look()
        look = direct.over(styled).over(self.paragraph)
        if look.hidden:
            return True
        # White on a coloured cell is how the heads of tables are set.
        coloured = look.shaded or self.in_table or self.styles.has_background
        return bool(look.white) and not coloured


class Styles:
    """The document's styles by their ids, each with what it is based on."""

    def __init__(self, root: Any, *, has_background: bool) -> None:
        self.has_background = has_background
        self._looks: dict[str, Look] = {}
        self._names: dict[str, str] = {}
        self._bases: dict[str, str] = {}
        self._defaults = Look()
        self._default_paragraph = ""
        for child in root if root is not None else ():
            if local_name(child) == "docDefaults":
                self._defaults = _default_look(child)
            elif local_name(child) == "style" and len(self._names) < _MAX_STYLES:
                self._read(child)

    def _read(self, style: Any) -> None:
        key = attribute(style, "styleId")
        name, base = child_of(style, "name"), child_of(style, "basedOn")
        self._names[key] = value_of(name) if name is not None else ""
        self._bases[key] = value_of(base) if base is not None else ""
        own = look_of(child_of(style, "rPr"))
        self._looks[key] = Look(own.hidden, own.white, own.shaded or _shaded(style))
        if attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true"):
            self._default_paragraph = key

    def look(self, key: str) -> Look:
        """A style's own look over those that it is based on."""
        look = Look()
        # Styles that are based on each other in a circle are read once around.
        for _ in range(_MAX_CHAIN):
            if key not in self._looks:
                break
            look = look.over(self._looks[key])
            key = self._bases[key]
        return look

    def paragraph_name(self, paragraph: Any) -> str:
        """The name of a paragraph's style, such as `heading 1`; empty where it has none."""
        return self._names.get(self._key(paragraph), "")

    def of_paragraph(self, paragraph: Any, *, in_table: bool) -> Runs:
        """What judges the runs of this paragraph."""
        look = self.look(self._key(paragraph)).over(self._defaults)
        shaded = look.shaded or _shaded(paragraph)
        return Runs(self, Look(look.hidden, look.white, shaded), in_table)

    def _key(self, paragraph: Any) -> str:
        properties = child_of(paragraph, "pPr")
        named = None if properties is None else child_of(properties, "pStyle")
        return value_of(named) if named is not None else self._default_paragraph


def _shaded(element: Any) -> bool:
    return look_of(child_of(element, "pPr")).shaded


def _default_look(defaults: Any) -> Look:
    runs = child_of(defaults, "rPrDefault")
    return look_of(child_of(runs, "rPr")) if runs is not None else Look()
