"""Facts to and from the journal: the name of each kind, and plain data."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from voice.talk import by_hand, facts
from voice.talk.facts import Fact

KINDS: dict[str, type[Fact]] = {
    cls.KIND: cls
    for room in (facts, by_hand)
    for cls in vars(room).values()
    if isinstance(cls, type) and issubclass(cls, Fact) and "KIND" in vars(cls) and cls.KIND
}
"""Every kind of fact by the name under which it stands in the journal; each declares its own."""


def kind_of(fact: Fact) -> str:
    """The name under which a fact stands in the journal."""
    return fact.KIND


def to_json(fact: Fact) -> dict[str, Any]:
    """Plain data for the journal; floats rounded to milliseconds. A station of one channel does not name it."""
    return {k: fit(_plain(v)) for k, v in asdict(fact).items() if k != "channel" or v}


def from_json(kind: str, data: dict[str, Any]) -> Fact:
    """The fact of a journal entry. Raises KeyError for an unknown kind, TypeError for wrong fields."""
    cls = KINDS[kind]
    known = {f.name for f in fields(cls)}
    return cls(**{k: _tuples(v) for k, v in data.items() if k in known})


def fit(v: Any) -> Any:
    """The same with every text such as UTF-8, JSON and all databases hold: halves of characters and NUL become
    U+FFFD. Whoever can write a note could else stop the journal."""
    if isinstance(v, str):
        if "\0" in v or not v.isascii():
            v = v.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return v
    if isinstance(v, dict):
        return {fit(k): fit(x) for k, x in v.items()}
    return type(v)(map(fit, v)) if type(v) in (list, tuple) else v


def _plain(v: Any) -> Any:
    if isinstance(v, float):
        return round(v, 3)
    if isinstance(v, tuple | list):
        return [_plain(x) for x in v]
    return v


def _tuples(v: Any) -> Any:
    return tuple(_tuples(x) for x in v) if isinstance(v, list) else v
