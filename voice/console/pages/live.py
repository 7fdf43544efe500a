"""Parts of a page that change with every event: their HTML is patched node by node in the browser.

When one NiceGUI element changes, the browser builds and compares all elements of the page again: 10 ms and more. A
``Live`` part is one element of which nothing but the nodes that differ is sent.
"""

from __future__ import annotations

import json
import re
from html import escape

from nicegui import app, ui

PATCH = """<script>
window.huyingPatch = (changes) => {
  const made = document.createElement("template");
  for (const [act, id, html] of changes) {
    const node = document.getElementById(id);
    if (!node) continue;
    if (act === "drop") { node.remove(); continue; }
    if (act === "first" || act === "last") {
      node.insertAdjacentHTML(act === "first" ? "afterbegin" : "beforeend", html);
      continue;
    }
    made.innerHTML = html;
    const fresh = made.content.firstElementChild;
    for (const { name } of [...node.attributes]) if (!fresh.hasAttribute(name)) node.removeAttribute(name);
    for (const { name, value } of fresh.attributes)
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    if (node.innerHTML !== fresh.innerHTML) node.replaceChildren(...fresh.childNodes);
  }
};
</script>"""
"""Changes are [what, id of a node, HTML]; a node that stays keeps its focus."""


class Patches:
    """What changed on a client's page since it was last told; ``send`` belongs to that client's context."""

    def __init__(self) -> None:
        self._out: list[tuple[str, ...]] = []
        self._parts: list[Live] = []
        self.begun = False
        """The page is built; from now on patches are sent."""

    def add(self, part: Live) -> None:
        """A part of the page."""
        self._parts.append(part)

    def note(self, *change: str) -> None:
        """Sent with the next ``send``."""
        if self.begun:
            self._out.append(change)

    def send(self) -> None:
        """One message with all changes."""
        if not self.begun:
            for part in self._parts:
                part.settle()
            self.begun = True
        elif self._out:
            ui.run_javascript(f"huyingPatch({json.dumps(self._out, ensure_ascii=False)})")
            self._out.clear()


class Live:
    """One element whose nodes are addressed by key, in the order in which they were put."""

    def __init__(self, patches: Patches, look: str = "") -> None:
        self.element, self.look = ui.html(sanitize=False).classes(f"live {look}"), look
        self._patches, self._nodes = patches, dict[str, str]()
        patches.add(self)

    def put(self, key: str, content: str, look: str = "", style: str = "", first: bool = False, **more: str) -> None:
        """A node, made or changed. ``content``: HTML; ``more``: attributes, ``data_unit`` for ``data-unit``; ``first``:
        a new one comes before the others."""
        named = {"id": self._id(key), "class": look, "style": style, **more}
        html = " ".join(f'{k.replace("_", "-")}="{escape(v)}"' for k, v in named.items() if v)
        node = f"<div {html}>{content}</div>"
        before = self._nodes.get(key)
        if node == before:
            return
        if before is not None:
            self._patches.note("set", self._id(key), node)
        else:
            self._patches.note("first" if first else "last", self.element.html_id, node)
        if first and before is None:
            self._nodes = {key: node, **self._nodes}
        else:
            self._nodes[key] = node

    def drop(self, key: str) -> None:
        """A node is no longer shown."""
        del self._nodes[key]
        self._patches.note("drop", self._id(key), "")

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    @property
    def html(self) -> str:
        """What it shows now."""
        return "".join(self._nodes.values())

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the nodes, in the order shown."""
        return tuple(self._nodes)

    def settle(self) -> None:
        """The first content is part of the page."""
        self.element.set_content(self.html)

    def _id(self, key: str) -> str:
        return f"{self.element.html_id}-{key}"


EARLY = """<script>
new MutationObserver((_changes, watching) => {
  if (!document.querySelector("#app .live")) return;
  document.getElementById("early").remove();
  watching.disconnect();
}).observe(document.getElementById("app") || document, { childList: true, subtree: true });
</script>"""

BOUND = re.compile(r' (?:id|tabindex|role|aria-live|data-unit)="[^"]*"')


def early(bare: bool, *parts: Live) -> None:
    """Show what these parts say before the page's scripts have run: they take a second and more on a slow machine.
    It cannot be clicked, and goes when the page itself is there."""
    night = {None: "by-system", True: "body--dark", False: ""}[app.storage.user.get("night")]
    night = "body--dark bare" if bare else night
    content = "".join(f'<div class="{part.look}">{BOUND.sub("", part.html)}</div>' for part in parts)
    top = "" if bare else '<div class="top"></div>'
    ui.add_body_html(f'<div id="early" class="{night}" inert>{top}<div class="page">{content}</div></div>{EARLY}')
