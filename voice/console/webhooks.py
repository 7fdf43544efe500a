"""Notifies external systems of events, signed and in order. The journal is the outbox: undelivered events are read from
it again, so nothing is lost across restarts. A delivery may be repeated, with the same number.

Each is a ``POST`` of one event as JSON with ``X-Huying-Delivery`` (sequence number of the event), ``X-Huying-Event``
(its type) and ``X-Huying-Signature`` (``sha256=`` and the HMAC-SHA256 of the body under the shared secret). With
``signing_key`` in ``net.toml`` also ``X-Huying-Head``: the event's signed position in the chain; a receiver that keeps
it can later prove that the journal was rewritten (``huying journal verify --key … --signed …``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from voice.console.feed import Feed
from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.export import PLAIN, Reader
from voice.journal.lines import Line, LineMaker
from voice.journal.signing import Signer
from voice.net.settings import WebhookSettings
from voice.supervised import Supervised
from voice.talk.incidents import Incidents

TIMEOUT_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
"""Retry pauses: first and longest, doubling."""

LOOK_S = 5.0

LISTS = ("units", "callees", "missing", "unclear", "silent")
"""Event fields that name several units."""


def _trust(net_folder: Path, ca_file: str) -> ssl.SSLContext:
    """Trusted CA certificates. Raises HuyingError for a file without one."""
    path = net_folder / ca_file
    try:
        return ssl.create_default_context(cafile=str(path) if ca_file else None)
    except (OSError, ssl.SSLError) as e:
        raise HuyingError(f"{path}: the webhook's ca_file is no certificate in PEM ({e})") from e


def readable(line: Line, event: Event, reader: Reader) -> Line:
    """An event's line with human-readable fields added: local time, unit names, event and meaning. Also the event's
    lists of units (missing, silent), which a line lacks."""
    time, unit, kind, means, note, why = reader.cells(line)
    lists = {k: v for k in LISTS if isinstance(v := event.data.get(k), list)}
    named = {u for u in [line["unit"], *(u for v in lists.values() for u in v)] if isinstance(u, str) and u}
    words = {"time": time, "unit": unit, "event": kind, "means": means, "note": note, "why": why}
    return line | lists | {"words": words, "names": {u: reader.name(u) for u in sorted(named)}}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are not followed: a POST would arrive as an empty GET and count as delivered."""

    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, fp, code, msg, headers, newurl
    ) -> None:
        raise urllib.error.HTTPError(
            req.full_url, code, f"redirects to {newurl}: write that address into net.toml", headers, fp
        )


class Webhook:
    """One receiver, with a thread of its own: one that hangs delays no other."""

    def __init__(
        self,
        feed: Feed,
        settings: WebhookSettings,
        net_folder: Path,
        places: Path,
        tell: Callable[[str], None] = lambda _t: None,
        reader: Callable[[], Reader] = lambda: PLAIN,
        signer: Signer | None = None,
    ) -> None:
        """``places``: folder for the number of the last event delivered; ``reader``: language, names and time zone.
        Raises HuyingError if the secret cannot be read."""
        self._feed, self._settings, self._tell = feed, settings, tell
        self._reader, self._signer = reader, signer
        self._secret = b""
        if settings.secret_file:
            path = net_folder / settings.secret_file
            try:
                self._secret = path.read_bytes().strip()
            except OSError as e:
                raise HuyingError(f"{path}: the webhook's secret cannot be read ({e.strerror})") from e
        self._opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.HTTPSHandler(context=_trust(net_folder, settings.ca_file))
        )
        self._place = places / f"webhook-{hashlib.sha256(settings.url.encode()).hexdigest()[:16]}.delivered"
        self._ended = threading.Event()
        self.delivered = self._read_place()
        name = f"the webhook to {settings.url[:60]}"
        self._thread = Supervised(name, self._deliver, tell, self._ended.is_set)

    def close(self) -> None:
        """Stop delivering; the rest is delivered next time."""
        self._ended.set()
        self._thread.join(2.0)

    def _read_place(self) -> int:
        """A new receiver gets events from now on."""
        try:
            return int(self._place.read_text("utf-8"))
        except (OSError, ValueError):
            self._save(self._feed.seq)
            return self._feed.seq

    def _save(self, seq: int) -> None:
        part = self._place.with_suffix(".part")
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(str(seq), "utf-8")
            part.replace(self._place)
        except OSError as e:
            self._tell(f"{self._place}: cannot be written ({e.strerror}); events may be delivered twice")

    def _deliver(self) -> None:
        maker, book = LineMaker(), Incidents()
        while not self._ended.is_set():
            for event in self._feed.journal.events(after=self.delivered):
                line = readable(maker.line(event.fact(), event), event, self._reader())
                new = book.take(event.fact(), event.seq, event.wall) is not None and "incident" in self._settings.events
                if line["type"] in self._settings.events and not self._until_taken(event, line):
                    return
                if new and not self._until_taken(event, {**line, "type": "incident"}):
                    return
                self.delivered = event.seq
            self._save(self.delivered)
            self._feed.wait(self.delivered, LOOK_S)

    def _until_taken(self, event: Event, line: Line) -> bool:
        """Retry until accepted; False if stopped first."""
        body = json.dumps(line, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Huying-Delivery": str(event.seq),
            "X-Huying-Hash": event.hash,
            "X-Huying-Event": str(line["type"]),
        }
        if self._signer is not None:
            headers["X-Huying-Head"] = str(self._signer.head(event.seq, event.hash))
        if self._secret:
            headers["X-Huying-Signature"] = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        wait, told = FIRST_WAIT_S, False
        while not self._ended.is_set():
            try:
                request = urllib.request.Request(self._settings.url, body, headers)  # noqa: S310  # http and https alone
                with self._opener.open(request, timeout=TIMEOUT_S):
                    self._save(event.seq)
                    return True
            except (OSError, ValueError) as e:  # URLError and HTTPError are OSErrors
                if not told:
                    self._tell(f"webhook {self._settings.url}: not delivered ({e}); tried again until it is")
                    told = True
            self._ended.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
        return False
