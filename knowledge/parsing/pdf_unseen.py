"""What a PDF's page holds and does not show: layers that are switched off, white text on white.

Pdfium gives the text of all that a page holds. Whether something is seen is asked of the page itself:
it is drawn with it and without it, and what makes no difference is not there for a reader.
"""

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
from pypdfium2 import raw

# Points: a letter of less is a dot.
_MIN_HEIGHT = 1.0
_NEARLY_WHITE = 250
# Pixels of the longer side; drawings of one document; objects of a page; seconds.
_PIXELS, _MAX_DRAWN, _MAX_OBJECTS = 1_000, 300, 20_000
_LOOKING_SECONDS = 5.0
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Suspect:
    """An object that may be unseen, by its place: its number on the page, in the form there, and so
    on. `layer` is the name of its layer if it has one; `is_certain` tells that nobody sees it."""

    place: tuple[int, ...]
    layer: str = ""
    is_form: bool = False
    is_certain: bool = False


@dataclass(slots=True)
class UnseenText:
    """Takes from the pages of one document what their reader does not see."""

    layered: bool
    _layers: dict[str, bool] = field(default_factory=dict)
    _drawn: int = 0
    _looked: float = 0.0

    def remove(self, document: pypdfium2.PdfDocument, index: int, page: pypdfium2.PdfPage) -> None:
        """Changes the page as it is loaded, not the file."""
        began = time.monotonic()
        # White text is looked for while there is time; layers always.
        suspects = list(self._suspects(page, colours=self._looked < _LOOKING_SECONDS))
        self._looked += time.monotonic() - began
        if not suspects:
            return
        probe = document[index]
        try:
            # From the last to the first: what is taken from the probe moves what comes behind it.
            suspects.sort(key=lambda one: one.place, reverse=True)
            unseen = [one.place for one in suspects if self._is_unseen(probe, one)]
        finally:
            probe.close()
        _remove(page, unseen)

    def _suspects(self, page: pypdfium2.PdfPage, *, colours: bool) -> Iterator[Suspect]:
        if not colours and not self.layered:
            return
        found = [(*one, raw.FPDFPageObj_GetType(one[1])) for one in _objects(page)]
        # Below a scan stands its text, invisible, and a reader sees the same words in the picture.
        scanned = any(kind == raw.FPDF_PAGEOBJ_IMAGE for *_, kind in found)
        box = page.get_cropbox()
        for place, handle, kind in found:
            if self.layered and (layer := _layer(handle)) is not None:
                yield Suspect(place, layer)
            elif self.layered and kind == raw.FPDF_PAGEOBJ_FORM:
                yield Suspect(place, is_form=True)
            elif colours and kind == raw.FPDF_PAGEOBJ_TEXT:
                if len(place) == 1 and _is_out_of_sight(handle, box):
                    yield Suspect(place, is_certain=True)
                elif _is_invisible(handle):
                    if not scanned:
                        yield Suspect(place, is_certain=True)
                elif _is_white(handle):
                    yield Suspect(place)

    def _is_unseen(self, probe: pypdfium2.PdfPage, suspect: Suspect) -> bool:
        if suspect.is_certain:
            return True
        if suspect.layer in self._layers:
            return self._layers[suspect.layer]
        if self._drawn >= _MAX_DRAWN:
            # What stands in a layer of which nothing is known is left out.
            return bool(suspect.layer)
        before = _drawing(probe)
        empty = _remove(probe, [suspect.place]) == 0
        unseen = not empty and before == _drawing(probe)
        self._drawn += 2
        if suspect.layer:
            self._layers[suspect.layer] = unseen
        return unseen


def has_layers(data: bytes) -> bool:
    """Whether the file may have layers: its catalog names them, or is packed and may."""
    return b"/OCG" in data or b"/ObjStm" in data


def _objects(page: pypdfium2.PdfPage) -> Iterator[tuple[tuple[int, ...], Any]]:
    waiting: list[tuple[tuple[int, ...], Any]] = []
    for number in range(min(raw.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
        handle = raw.FPDFPage_GetObject(page, number)
        yield (number,), handle
        waiting.append(((number,), handle))
    seen = len(waiting)
    for place, handle in waiting:
        if raw.FPDFPageObj_GetType(handle) != raw.FPDF_PAGEOBJ_FORM or len(place) >= _MAX_DEPTH:
            continue
        for number in range(max(0, raw.FPDFFormObj_CountObjects(handle))):
            seen += 1
            if seen > _MAX_OBJECTS:
                return
            inner = raw.FPDFFormObj_GetObject(handle, number)
            yield (*place, number), inner
            waiting.append(((*place, number), inner))


def _layer(handle: Any) -> str | None:
    """The names of the layers that an object stands in, empty where one has none; None for none."""
    names = []
    for number in range(max(0, raw.FPDFPageObj_CountMarks(handle))):
        mark = raw.FPDFPageObj_GetMark(handle, number)
        if _text(raw.FPDFPageObjMark_GetName, mark) == "OC":
            names.append(_text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Name"))
    if not names:
        return None
    return "\n".join(names) if all(names) else ""


def _text(function: Any, *arguments: Any) -> str:
    size = ctypes.c_ulong()
    buffer = ctypes.create_string_buffer(512)
    pointer = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
    if not function(*arguments, pointer, len(buffer), ctypes.byref(size)):
        return ""
    return buffer.raw[: max(0, min(size.value, len(buffer)) - 2)].decode("utf-16-le", "replace")


def _is_invisible(handle: Any) -> bool:
    return bool(raw.FPDFTextObj_GetTextRenderMode(handle) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def _is_out_of_sight(handle: Any, box: tuple[float, float, float, float]) -> bool:
    """Too small, or beyond the page. Asked of the page's own objects: those of a form have a
    measure of their own."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
        return False
    if right.value < box[0] or left.value > box[2] or top.value < box[1] or bottom.value > box[3]:
        return True
    # Letters turned on their side are as wide as they are high.
    extent = max(top.value - bottom.value, right.value - left.value)
    return 0 < extent < _MIN_HEIGHT


def _is_white(handle: Any) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
        return False
    return min(red.value, green.value, blue.value) >= _NEARLY_WHITE or alpha.value == 0


def _remove(page: pypdfium2.PdfPage, places: list[tuple[int, ...]]) -> int:
    """From the last to the first, so that numbers stay true. Returns how many are gone."""
    removed = 0
    for place in sorted(places, reverse=True):
        *outer, last = place
        parent = None
        for depth, number in enumerate(outer):
            parent = (
                raw.FPDFPage_GetObject(page, number)
                if depth == 0
                else raw.FPDFFormObj_GetObject(parent, number)
            )
        if parent is None:
            handle = raw.FPDFPage_GetObject(page, last)
            removed += bool(raw.FPDFPage_RemoveObject(page, handle))
        else:
            handle = raw.FPDFFormObj_GetObject(parent, last)
            removed += bool(raw.FPDFFormObj_RemoveObject(parent, handle))
    return removed


def _drawing(page: pypdfium2.PdfPage) -> bytes:
    longer = max(*page.get_size(), 1.0)
    bitmap = page.render(scale=min(2.0, _PIXELS / longer), grayscale=True, may_draw_forms=False)
    return bytes(bitmap.buffer)
