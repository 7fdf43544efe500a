"""Grammar files: what is said on the net, and what it means.

One line, one template::

    [unit]                         who says it: unit, control, anyone; or assistant: said to us
    normal   = [一切|目前]正常      a meaning, and the words for it
    [unit, awaited]                … and these count only while somebody's answer is awaited
    call_in  = {unit}呼叫{control}
    [unit, alone]                  … and these only if nothing unknown is said beside them, too

``(a|b)`` is a choice, ``[a]`` may be left out, ``{unit}``, ``{control}``, ``{number}`` and ``{time}``
are slots. Parsed with hassil, the template language of Home Assistant. The pieces between the slots become
the phrases of the decoding graph; the row of pieces is what the interpreter matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from voice.errors import Problem, lines_of
from voice.grammar.meanings import WRITTEN

Speaker = Literal["unit", "control", "anyone", "assistant"]
"""Speaker; ``assistant``: the dispatcher, to us."""

SPEAKERS: tuple[str, ...] = ("unit", "control", "anyone", "assistant")
SLOTS = ("unit", "control", "number", "time")
MAX_EXPANSIONS = 400
LONGEST_TEMPLATE = 2000
"""Longest template, characters."""


@dataclass(frozen=True, slots=True)
class Template:
    """One expanded sentence: a sequence of pieces, each fixed words or a ``{slot}``."""

    meaning: str
    speaker: Speaker
    pieces: tuple[str, ...]
    awaited: bool = False
    """Counts only while an answer is awaited: short words that occur in any talk."""
    alone: bool = False
    """Counts only if, too, nothing unknown is said in the over: 安全, but not 注意安全."""

    @property
    def words(self) -> tuple[str, ...]:
        """The fixed pieces."""
        return tuple(p for p in self.pieces if not p.startswith("{"))


def _expand(node: object) -> list[tuple[str, ...]]:
    """All piece sequences. Raises ValueError before MAX_EXPANSIONS is exceeded, at any depth."""
    from hassil.expression import Alternative, ListReference, Sequence, TextChunk

    if isinstance(node, TextChunk):
        text = "".join(node.text.split())
        return [(text,) if text else ()]
    if isinstance(node, ListReference):
        return [("{" + node.list_name + "}",)]
    if isinstance(node, Alternative):
        choices: list[tuple[str, ...]] = []
        for item in node.items:
            choices += _expand(item)
            _few(len(choices))
        return choices
    if isinstance(node, Sequence):
        rows: list[tuple[str, ...]] = [()]
        for item in node.items:
            tails = _expand(item)
            _few(len(rows) * len(tails))
            rows = [r + tail for r in rows for tail in tails]
        return rows
    raise ValueError(f"{type(node).__name__} is not allowed here")


def _few(rows: int) -> None:
    if rows > MAX_EXPANSIONS:
        raise ValueError(f"more than {MAX_EXPANSIONS} sentences")


def expand(template: str) -> list[tuple[str, ...]]:
    """All piece sequences of one template. Raises ValueError with the reason."""
    from hassil.parse_expression import parse_sentence
    from hassil.parser import ParseError

    if len(template) > LONGEST_TEMPLATE:
        raise ValueError(f"{len(template)} characters; {LONGEST_TEMPLATE} at most")
    try:
        rows = _expand(parse_sentence(template).expression)
    except ParseError as e:
        raise ValueError(str(e)) from e
    except RecursionError as e:
        raise ValueError("brackets within brackets too deep") from e
    joined = []
    for row in rows:
        pieces: list[str] = []
        for p in row:
            if pieces and not p.startswith("{") and not pieces[-1].startswith("{"):
                pieces[-1] += p
            else:
                pieces.append(p)
        if pieces:
            joined.append(tuple(pieces))
    return list(dict.fromkeys(joined))


def read_templates(paths: list[Path]) -> tuple[list[Template], list[Problem]]:
    """Load grammar files; every error is reported, valid lines are used."""
    templates: list[Template] = []
    problems: list[Problem] = []
    for path in paths:
        speaker, when = "anyone", ""
        for number, line in lines_of(path, problems):
            body = line.split("#", 1)[0].strip()
            if not body:
                continue
            if body.startswith("[") and body.endswith("]") and "=" not in body:
                who, _, condition = (s.strip() for s in body[1:-1].partition(","))
                if who in SPEAKERS and condition in ("", "awaited", "alone"):
                    speaker, when = who, condition
                else:
                    how = "[unit], [control] or [anyone]; [unit, awaited], [unit, alone]"
                    problems.append(Problem(path, number, f"“{body}” is not a speaker", how))
                continue
            meaning, eq, template = (s.strip() for s in body.partition("="))
            if not eq or not template:
                problems.append(Problem(path, number, f"“{body}” has no “=”", "meaning = template"))
                continue
            if meaning not in WRITTEN:
                problems.append(Problem(path, number, f"unknown meaning “{meaning}”", "one of " + ", ".join(WRITTEN)))
                continue
            try:
                rows = expand(template)
            except ValueError as e:
                problems.append(Problem(path, number, f"“{template}”: {e}", "close every [ ( { and see README"))
                continue
            slots = {p[1:-1] for r in rows for p in r if p.startswith("{")} - set(SLOTS)
            if slots:
                problems.append(
                    Problem(path, number, f"unknown slot {{{sorted(slots)[0]}}}", "{" + "}, {".join(SLOTS) + "}")
                )
                continue
            templates += [Template(meaning, cast(Speaker, speaker), r, bool(when), when == "alone") for r in rows]
    return templates, problems
