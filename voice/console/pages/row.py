"""A row of the feed: one over, or one event that is based on none."""

from __future__ import annotations

from nicegui import ui

from voice.console.overs import FROM_UNITS, TELLING, TO_UNITS, FeedItem
from voice.console.pages.frame import Page
from voice.console.pages.markup import cell, image, player, span
from voice.journal.wording import KIND_NAMES, MEANING_NAMES, detail_in, name_of


def feed_row(page: Page, entry: FeedItem) -> ui.html:
    """One over: time, kind, speaker and addressee, text and meaning."""
    row = ui.html(content(page, entry), sanitize=False).classes(look_of(entry))
    row.props["data-seq"] = str(entry.seq)
    return row


def look_of(entry: FeedItem) -> str:
    """Classes of its row."""
    return "feedrow row items-center gap-2 no-wrap max-sm:flex-wrap" + (" review" if entry.review else "")


def content(page: Page, entry: FeedItem) -> str:
    """Content of its row."""
    line = entry.line
    meaning = name_of(MEANING_NAMES, line["meaning"], page.english)
    heard = line["text"] or (f"[{line['pinyin']}]" if line["pinyin"] else "")
    note = " · ".join(p for p in (
        meaning if heard and line["type"] in TELLING and meaning not in heard else "",
        f"{line['latency_s']:.1f} s" if line["latency_s"] is not None else "",
        detail_in(line["detail"], page.net.name_of, page.english),
    ) if p)  # fmt: skip
    guess = f"≈ {entry.guess}" if entry.guess and line["type"] != "transcribed" else ""
    clip = page.clip_at(line["clip"] or "")
    return "".join((
        cell(page.clock(line["wall"]), "mono w-20 shrink-0"),
        cell(name_of(KIND_NAMES, line["type"], page.english), "w-24 shrink-0 leading-tight max-sm:w-auto"),
        cell(_direction(page, entry), "w-44 shrink-0 font-bold max-sm:w-auto"),
        '<div class="grow gap-0 min-w-0">',
        span(meaning if line["type"] == "closed" else heard or meaning, "break-words min-w-0"),
        span(guess, "italic soft", page.t("not verified")),
        span(note, "soft text-sm"),
        span(page.why(line | {"reasons": entry.reasons}), "doubt", page.t("for review")),
        "</div>",
        image(f"{clip}/waveform.svg", 90, 26, "max-sm:hidden shrink-0") if clip else "",
        player(clip, page.t("play")) if clip else "",
    ))  # fmt: skip


def _direction(page: Page, entry: FeedItem) -> str:
    """Speaker and addressee: an arrow towards the unit if called, away from it if speaking."""
    units, kind = entry.units, entry.line["type"]
    if not units:
        return ""
    names = page.listed(map(page.net.name_of, units[:2]))
    if len(units) > 2:
        names = page.t("and others", names, len(units))
    return f"→ {names}" if kind in TO_UNITS else f"{names} →" if kind in FROM_UNITS else names
