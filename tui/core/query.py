"""The filter language: words and typed terms, AND-ed by blanks, with `or`, `-` and parentheses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from adapters.fields import FieldType
from adapters.frozen import dataclass
from adapters.model import Resource, State
from adapters.names import nearest
from adapters.port import KindSpec, Op, Term
from tui.core import filter_values as values
from tui.core.filter_parse import Compare, FilterError, Group, Node, Not, Word, parse_tree
from tui.core.filter_values import Test
from tui.core.values import DEFAULT_FIELDS, Field, from_spec_path

__all__ = ["Filter", "FilterError", "as_value", "completions", "haystack", "parse"]

_LONGEST_MESSAGE = 300
_NEGATED = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.MATCH: Op.NOT_MATCH, Op.NOT_MATCH: Op.MATCH}


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter ready to be asked.

    `terms` are the AND-ed comparisons a server may evaluate; `test` takes an object, its `haystack` and
    the time. `live` filters depend on the time. `parts` are the AND-ed pieces, each a filter of its own. `word`
    is what the haystack must have, where that is all there is to it; else it is empty.
    """

    text: str
    terms: tuple[Term, ...]
    test: Test
    live: bool
    parts: tuple[Filter, ...] = ()
    word: str = ""

    def matches(self, resource: Resource, now: float) -> bool:
        return self.test(resource, haystack(resource), now)

    def pushable(self, spec: KindSpec) -> tuple[Term, ...]:
        """The terms that this kind's server says it can filter by."""
        return tuple(term for term in self.terms if term.field in spec.server_filter)


def haystack(resource: Resource) -> str:
    """What a bare word searches: name, id, owner, pool, group, host, message, labels and state, folded."""
    pieces = [resource.name, resource.ref.id, resource.state.value]
    pieces += [text for text in (resource.owner, resource.pool, resource.group, resource.host) if text]
    if resource.message:
        pieces.append(resource.message[:_LONGEST_MESSAGE])
    if resource.labels:
        pieces += [f"{key}={value}" for key, value in resource.labels.items()]
    return "\n".join(pieces).casefold()


def parse(text: str, fields: Mapping[str, Field] = DEFAULT_FIELDS) -> Filter:
    """Read a filter; an empty one matches everything. Raises FilterError, which knows the column."""
    tree = parse_tree(text)
    parts = [tree] if tree.either else list(tree.nodes)
    pieces = tuple(_piece(text, node, fields) for node in parts)
    if len(pieces) == 1:
        return pieces[0]
    test = values.every(piece.test for piece in pieces) if pieces else (lambda resource, hay, now: True)
    return Filter(
        text.strip(),
        tuple(dict.fromkeys(term for piece in pieces for term in piece.terms)),
        test,
        any(piece.live for piece in pieces),
        pieces,
    )


def _piece(text: str, node: Node, fields: Mapping[str, Field]) -> Filter:
    return Filter(
        text[node.start : node.end].strip(),
        _terms(node, fields),
        _test(node, fields),
        _live(node, fields),
        word=node.text.casefold() if isinstance(node, Word) and not node.fuzzy else "",
    )


def _test(node: Node, fields: Mapping[str, Field]) -> Test:
    if isinstance(node, Word):
        if node.fuzzy:
            return values.fuzzy_test(node.text)
        word = node.text.casefold()
        return lambda resource, hay, now: word in hay
    if isinstance(node, Not):
        inner = _test(node.node, fields)
        return lambda resource, hay, now: not inner(resource, hay, now)
    if isinstance(node, Group):
        join = values.either if node.either else values.every
        return join(_test(each, fields) for each in node.nodes)
    field = _field(node, fields)
    return _BY_TYPE.get(field.type, values.number_test)(field, node)


_BY_TYPE: Mapping[FieldType, Callable[[Field, Compare], Test]] = {
    FieldType.TEXT: values.text_test,
    FieldType.STATE: values.state_test,
    FieldType.TIME: values.time_test,
}


def _field(node: Compare, fields: Mapping[str, Field]) -> Field:
    name = node.field
    found = fields.get(name) or fields.get(name.lower())
    if found is not None:
        return found
    lower = name.lower()
    for prefix in ("label.", "labels."):
        if lower.startswith(prefix) and len(name) > len(prefix):
            return label_field(name[len(prefix) :])
    if lower.startswith("extra.") and len(name) > len("extra."):
        return from_spec_path(name)
    near = nearest(name, fields)
    raise FilterError(f"no field {name}{near}", node.start, near.removeprefix("; nearest: "))


def label_field(key: str) -> Field:
    return Field(f"label.{key}", FieldType.TEXT, lambda resource, now: resource.labels.get(key))


def _live(node: Node, fields: Mapping[str, Field]) -> bool:
    if isinstance(node, Compare):
        field = _field(node, fields)
        return field.live or (field.type is FieldType.TIME and values.seconds(node.values[0][0]) is not None)
    if isinstance(node, Not):
        return _live(node.node, fields)
    return isinstance(node, Group) and any(_live(each, fields) for each in node.nodes)


def _terms(node: Node, fields: Mapping[str, Field], negated: bool = False) -> tuple[Term, ...]:
    """What of it is AND-ed at the top: a server that answers these sends a superset."""
    if isinstance(node, Not):
        return _terms(node.node, fields, not negated) if isinstance(node.node, Compare) else ()
    if isinstance(node, Group):
        if node.either or negated:
            return ()
        return tuple(term for each in node.nodes for term in _terms(each, fields))
    if isinstance(node, Word):
        return ()
    return _term(node, _field(node, fields), negated)


def _term(node: Compare, field: Field, negated: bool) -> tuple[Term, ...]:
    op, name = node.op, field.id
    if negated and op not in _NEGATED:
        return ()
    op = _NEGATED[op] if negated else op
    texts = tuple(text for text, _ in node.values)
    if {"", values.MISSING} & set(texts):
        return ()
    if field.type is FieldType.STATE:
        if op in (Op.EQ, Op.NE):
            texts = tuple(state.value for state in values.states(node))
    elif field.type is FieldType.TIME:
        back = values.seconds(texts[0])
        if back is not None:
            return (Term("age", op, (f"{back:g}",)),) if name == "created" else ()
        texts = (f"{values.moment(texts[0]) or 0.0:.3f}",)
    elif field.type is not FieldType.TEXT and op not in (Op.MATCH, Op.NOT_MATCH):
        texts = tuple(f"{values.scalar(field, *value):.12g}" for value in node.values)
    return (Term(name, op, texts),)


def completions(
    text: str,
    cursor: int,
    fields: Mapping[str, Field] = DEFAULT_FIELDS,
    known: Callable[[str], Iterable[str]] | None = None,
) -> list[str]:
    """What the word before the cursor could become, best first: field names, then values.

    `known` gives values of a field that occur in the rows on screen.
    """
    start = max(text.rfind(" ", 0, cursor), text.rfind("(", 0, cursor)) + 1
    word = text[start:cursor]
    sign = "-" if word.startswith("-") else ""
    word = word[len(sign) :]
    for op in ("!=", "="):
        name, found, typed = word.partition(op)
        if found and name.lower() in fields:
            field = fields[name.lower()]
            before, _, last = typed.rpartition(",")
            lead = f"{sign}{name}{op}{before}{',' if before else ''}"
            options = (
                [state.value for state in State]
                if field.type is FieldType.STATE
                else known(field.id)
                if known
                else []
            )
            return [lead + as_value(option) for option in options if option.lower().startswith(last.lower())]
    names = sorted({field.id for field in fields.values()} | set(fields), key=lambda name: (len(name), name))
    return [f"{sign}{name}" for name in names if word and name.startswith(word.lower())]


def as_value(value: str) -> str:
    """A text as a filter takes it for a value."""
    if not value or any(char.isspace() or char in ',()"' for char in value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value
