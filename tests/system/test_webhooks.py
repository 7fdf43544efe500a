"""Webhooks: signed, in order, and none lost when the receiver or we are away."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from tests.helpers.console import BEGAN, answered, morning
from tests.helpers.journals import rewritten
from tests.helpers.waiting import until
from voice.console.feed import Feed
from voice.console.webhooks import Webhook
from voice.errors import FilesError, HuyingError
from voice.journal.export import Reader
from voice.journal.signing import Signer, contradictions, make_key, signed_heads
from voice.journal.store import Journal
from voice.net.settings import WebhookSettings, read_settings
from voice.talk.facts import RollEnded


class Receiver(http.server.ThreadingHTTPServer):
    """Takes deliveries, or refuses the first so many."""

    def __init__(self, refuse: int = 0) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.refuse = refuse
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    @property
    def numbers(self) -> list[int]:
        return [int(h["x-huying-delivery"]) for h, _ in self.got]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuse:
            self.server.refuse -= 1
            self.send_error(503)
            return
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(str(tmp_path / "log.sqlite")) as made:
        made.append(morning(), BEGAN)
        yield made


def received(receiver: Receiver, n: int) -> None:
    assert until(lambda: len(receiver.got) >= n) and len(receiver.got) == n


def test_events_are_delivered_signed_and_in_order(journal: Journal, tmp_path: Path) -> None:
    receiver, feed = Receiver(refuse=1), Feed(journal)
    (tmp_path / "secret").write_text("shared\n")
    told: list[str] = []
    settings = WebhookSettings(url=receiver.url, events=("answered",), secret_file="secret")
    hook = Webhook(feed, settings, tmp_path, tmp_path / "places", told.append)
    first = len(journal) + 1
    journal.append([answered(41, "104", 4), answered(42, "104", 4)], BEGAN)
    received(receiver, 2)
    hook.close()
    assert receiver.numbers == [first, first + 1], "what was there before is not told, and nothing overtakes"
    headers, body = receiver.got[0]
    assert json.loads(body)["unit"] == "104" and headers["x-huying-event"] == "answered"
    assert re.fullmatch("[0-9a-f]{64}", headers["x-huying-hash"])
    assert headers["x-huying-signature"] == "sha256=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    assert len(told) == 1 and "503" in told[0] and "shared" not in told[0]
    feed.close()


def test_nothing_is_lost_while_we_or_the_receiver_are_away(journal: Journal, tmp_path: Path) -> None:
    receiver, feed = Receiver(), Feed(journal)
    settings = WebhookSettings(url=receiver.url, events=("answered",))
    Webhook(feed, settings, tmp_path, tmp_path).close()
    journal.append([answered(41, "104", 4)], BEGAN)  # nobody delivers
    feed.look()
    again = Webhook(feed, settings, tmp_path, tmp_path)
    received(receiver, 1)
    again.close()
    journal.append([answered(42, "104", 4)], BEGAN)
    feed.look()
    third = Webhook(feed, settings, tmp_path, tmp_path)
    received(receiver, 2)
    third.close()
    assert receiver.numbers[0] < receiver.numbers[1], "the first is not told twice"
    feed.close()


def test_wrong_settings_are_named(journal: Journal, tmp_path: Path) -> None:
    feed = Feed(journal)
    with pytest.raises(HuyingError, match="secret cannot be read"):
        Webhook(feed, WebhookSettings(url="http://x", secret_file="none"), tmp_path, tmp_path)
    feed.close()
    path = tmp_path / "net.toml"
    path.write_text('name = "n"\n[control]\ncall_sign = "台"\n[[webhooks]]\nurl = "ftp://x"\n', "utf-8")
    settings, problems = read_settings(path)
    assert settings is None and "webhooks.0.url" in str(FilesError(problems))


def test_receivers_get_names_and_a_signed_head(journal: Journal, tmp_path: Path) -> None:
    """Of the unit, and of all that an event names; the head is verified as the journal's documentation says."""
    receiver, feed = Receiver(), Feed(journal)
    public = make_key(tmp_path / "head.key")
    names = {"101": "省残联", "102": "贾岗社区治安队", "104": "财经大学"}
    reader = Reader(lambda unit: names.get(unit or "", unit or ""), timezone(timedelta(hours=8)))
    settings = WebhookSettings(url=receiver.url, events=("answered", "roll_ended"))
    hook = Webhook(feed, settings, tmp_path, tmp_path, reader=lambda: reader, signer=Signer(tmp_path / "head.key"))
    ended = RollEnded(t=50, complete=False, missing=("101",), unclear=("102",))
    journal.append([answered(41, "104", 4), ended], BEGAN)
    received(receiver, 2)
    hook.close()
    first, second = (json.loads(body) for _, body in receiver.got)
    assert first["words"]["unit"] == "财经大学" and first["names"] == {"104": "财经大学"}
    assert first["words"]["means"] == "一切正常" and first["words"]["time"].startswith("2026-06-05 10:00")
    assert second["missing"] == ["101"] and second["names"] == {"101": "省残联", "102": "贾岗社区治安队"}
    heads = tmp_path / "heads.txt"
    heads.write_text("\n".join(h["x-huying-head"] for h, _ in receiver.got))
    assert contradictions(journal, public, signed_heads(heads)) == []
    assert [h.seq for h in signed_heads(heads)] == receiver.numbers
    rewritten(tmp_path / "log.sqlite")
    with Journal(str(tmp_path / "log.sqlite")) as anew:
        assert len(contradictions(anew, public, signed_heads(heads))) == 2
    feed.close()
