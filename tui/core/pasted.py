"""What a pasted text names: a reference, an id, or a page of a backend's own console."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from adapters.model import Kind, Ref
from adapters.port import Schema

LONGEST = 2000
SHORTEST_ID = 6
_WORD = re.compile(r"\S+")


def is_url(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def named(text: str) -> str:
    """The first word of what was pasted, bounded: a line end or a sentence may have come along."""
    found = _WORD.search(text[:LONGEST])
    return found[0].strip("<>\"'`()[],;") if found else ""


def candidates(
    text: str, contexts: Sequence[str], schemas: Mapping[str, Schema], urls: Mapping[str, str], kind: Kind
) -> list[Ref]:
    """The objects that may be meant, the likeliest first; whether they are there only their servers know.

    `contexts` are those that are shown, they go before the others; a context at the host of a pasted URL goes
    before all. A mere id is taken for one of `kind`, in the contexts that are shown.
    """
    word = named(text)
    if is_url(word):
        known = [*contexts, *(name for name in schemas if name not in contexts)]
        host = urlsplit(word).netloc.rpartition("@")[2].lower()
        known.sort(key=lambda name: urlsplit(urls.get(name, "")).netloc.lower() != host)
        return [ref for name in known if name in schemas for ref in _of_page(word, name, schemas[name])]
    try:
        ref = Ref.parse(word)
    except ValueError:
        ref = None
    if ref is not None and ref.context in schemas:
        return [ref]
    if len(word) < SHORTEST_ID:
        return []
    return [Ref(name, kind, word) for name in contexts if name in schemas and kind in schemas[name].kinds]


def _of_page(url: str, context: str, schema: Schema) -> list[Ref]:
    found = ((link.kind, re.search(link.pattern, url)) for link in schema.links)
    return [Ref(context, kind, unquote(match[1])) for kind, match in found if match and kind in schema.kinds]
