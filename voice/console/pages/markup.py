"""Tiles and rows of the feed as HTML, one element each.

A browser builds and compares a component for every element of a page; a page of tiles and overs made of hundreds of
them takes seconds on a slow machine. All values are escaped here.
"""

from __future__ import annotations

from html import escape


def span(words: str, look: str = "", title: str = "") -> str:
    """A block of text; nothing if there is none."""
    tip = f' title="{escape(title)}"' if title else ""
    return f'<div class="{look}"{tip}>{escape(words)}</div>' if words else ""


def cell(words: str, look: str) -> str:
    """A column of a row, present even if it is empty."""
    return f'<div class="{look}">{escape(words)}</div>'


def icon(name: str, look: str = "text-xl") -> str:
    """A Material icon."""
    return f'<i class="q-icon notranslate material-icons {look}" aria-hidden="true" role="img">{escape(name)}</i>'


FLAG = "flag"
"""Of what is for review."""


def tile(name: str, symbol: str, state: str, doubt: str = "") -> str:
    """Content of a unit's tile. ``doubt``: what its flag means, if it has one."""
    flag = f'<span class="flag" title="{escape(doubt)}">{icon(FLAG)}</span>' if doubt else ""
    return (
        span(name, "name")
        + f'<div class="row items-center gap-1 no-wrap">{icon(symbol)}{cell(state, "state min-w-0 grow")}{flag}</div>'
    )


def meter(share: float, look: str = "") -> str:
    """A bar filled from 0 to 1."""
    return f'<div class="meter {look}"><i style="width:{100 * min(1.0, max(0.0, share)):.0f}%"></i></div>'


def image(source: str, width: int, height: int, look: str) -> str:
    """A picture that is loaded when it comes into view."""
    return f'<img src="{escape(source)}" width="{width}" height="{height}" loading="lazy" alt="" class="{look}">'


def player(source: str, label: str) -> str:
    """A button that plays a sound file; see ``PLAYER``."""
    return (
        f'<button class="play" data-sound="{escape(source)}" aria-label="{escape(label)}">{icon("play_arrow")}</button>'
    )


ICONS = """<script>
(() => {
  const look = () => document.fonts.load('24px "Material Icons"').then(
    (found) => found.length ? document.documentElement.toggleAttribute("data-icons", true) : setTimeout(look, 50),
    () => setTimeout(look, 1000));
  look();
})();
</script>"""
"""Marks the page when the font of the icons is there: until then their names stand in their places."""

PLAYER = """<script>
window.huyingPlay = (source) => {
  if (window.huyingAudio) window.huyingAudio.pause();
  window.huyingAudio = new Audio(source);
  window.huyingAudio.play();
};
document.addEventListener("click", (e) => {
  const button = e.target.closest && e.target.closest("[data-sound]");
  if (button) window.huyingPlay(button.dataset.sound);
});
</script>"""
"""Plays the file of the button that was pressed; one at a time."""
