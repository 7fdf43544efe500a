"""Signed heads on their way: with webhooks, and with the uplink to the bureau, which keeps and checks them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.bureau import grow, hub, sent_of, uplink
from tests.helpers.command import huying
from tests.helpers.engines import Nats
from tests.helpers.journals import rewritten
from voice.bureau.heads import packed_head, read_keys, unpacked_head
from voice.bureau.store import HubStore
from voice.bureau.uplink import Uplink
from voice.bureau.wire import head_subject
from voice.errors import HuyingError
from voice.journal.signing import Signer, make_key
from voice.journal.store import Journal
from voice.net.loading import Net

SUBJECT = head_subject("zz", "01")


def signer(folder: Path, name: str = "head.key") -> Signer:
    make_key(folder / name)
    return Signer(folder / name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "hub.sqlite") if request.param == "sqlite" else str(request.getfixturevalue("postgres"))


def test_what_is_kept_and_what_it_says_against_a_station(store: str, tmp_path: Path) -> None:
    grow(tmp_path / "a.sqlite", 2)
    events = sent_of(tmp_path / "a.sqlite", "01")
    own, other = signer(tmp_path), signer(tmp_path, "other.key")
    hubs = HubStore(store)
    last = events[-1].event
    assert hubs.heads.keep("01", own.public, own.head(last.seq, last.hash)), "the first key that comes is taken"
    assert not hubs.heads.keep("01", own.public, own.head(last.seq, last.hash))
    hubs.store(events)  # the head may come first
    assert [(s.signed, s.fault) for s in hubs.standing()] == [(last.seq, "")]
    with pytest.raises(HuyingError, match="has it a new key"):
        hubs.heads.keep("01", other.public, other.head(last.seq, last.hash))
    hubs.heads.keep("01", own.public, own.head(3, "0" * 64))
    (standing,) = hubs.standing()
    assert "signed head 3" in standing.fault and "rewritten" in standing.fault
    assert [h.seq for h in hubs.heads.lines("01")] == [3, last.seq]
    hubs.close()
    given = HubStore(store, {"01": other.public})
    with pytest.raises(HuyingError, match="new key"):
        given.heads.keep("01", own.public, own.head(1, events[0].event.hash))
    given.heads.keep("01", other.public, other.head(1, events[0].event.hash))
    given.close()


def test_events_that_a_station_vouches_for_and_that_never_came(store: str, tmp_path: Path) -> None:
    """The end is missing: no later event shows it, the signed head does."""
    grow(tmp_path / "a.sqlite", 2)
    events = sent_of(tmp_path / "a.sqlite", "01")
    own, last = signer(tmp_path), events[-1].event
    hubs = HubStore(store)
    hubs.store(events[:5])
    hubs.heads.keep("01", own.public, own.head(last.seq, last.hash))
    assert [s.missing for s in hubs.standing()] == [(6, last.seq)]
    hubs.store(events[5:])
    assert [(s.missing, s.fault) for s in hubs.standing()] == [(None, "")]
    hubs.close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "x"}', '{"seq": 1e999, "hash": ""}', "null"])
def test_a_position_that_a_crash_has_left_half(tmp_path: Path, text: str, net: Net) -> None:
    """All is sent again, and it is told."""
    told: list[str] = []
    grow(tmp_path / "a.sqlite", 1)
    with Journal(str(tmp_path / "a.sqlite"), create=False) as journal:
        up = Uplink(journal, net, "zz", "01", tmp_path, told.append)
        up._file.parent.mkdir(parents=True, exist_ok=True)
        up._file.write_text(text)
        up._take_position()
        up._file.unlink()
    assert up.sent == 0 and len(told) == 1 and "sent again" in told[0]


@pytest.mark.parametrize("what", ["signature", "seq", "json", "none", "list", "key", "large"])
def test_what_is_no_signed_head(tmp_path: Path, what: str) -> None:
    own = signer(tmp_path)
    head = own.head(5, "a" * 64)
    assert unpacked_head(SUBJECT, packed_head(head, own.public)) == ("01", own.public, head)
    line = str(head)
    bad = {
        "signature": json.dumps({"key": own.public, "head": line[:-1] + ("0" if line[-1] != "0" else "1")}),
        "seq": json.dumps({"key": own.public, "head": line.replace(" 5 ", " 6 ")}),
        "json": "{",
        "none": json.dumps({"key": own.public, "head": None}),
        "list": "[" * 100_000,
        "key": json.dumps({"key": "zz", "head": line}),
        "large": json.dumps({"key": own.public, "head": str(own.head(2**40, "a" * 64))}),
    }[what]
    with pytest.raises(HuyingError, match="not a signed head"):
        unpacked_head(SUBJECT, bad.encode())


@pytest.mark.parametrize("text", ["01", "01 xyz", "01 " + "G" * 64, "\udcff"])
def test_keys_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(HuyingError, match="keys"):
        read_keys(tmp_path / "keys")


@dataclass
class Signing:
    """A station that signs, and its bureau."""

    place: Path
    nats: Nats
    folder: Path
    public: str

    @property
    def log(self) -> Path:
        return self.place / "a.sqlite"

    @property
    def database(self) -> Path:
        return self.place / "hub.sqlite"

    def send(self, rounds: int, key: str) -> None:
        """Some talk goes up to a hub that knows the station under this key."""
        grow(self.log, rounds)
        (self.place / "keys.txt").write_text(f"01 {key}\n")
        huying(*hub(self.database, self.nats.url, "--once"))
        huying(*uplink(self.log, self.nats.url, "01", "--net", self.folder, "--once"))
        huying(*hub(self.database, self.nats.url, "--keys", self.place / "keys.txt", "--once"))


@pytest.fixture
def signing(
    nats: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_net: Callable[..., Path], net: Net
) -> Signing:
    monkeypatch.setenv("HUYING_HOME", str(tmp_path / "home"))
    folder = own_net(settings='signing_key = "head.key"\n' + (net.folder / "net.toml").read_text("utf-8"))
    return Signing(tmp_path, nats, folder, huying("journal", "key", folder / "head.key").split()[-1])


def test_from_station_to_bureau_and_back(signing: Signing) -> None:
    """The bureau's heads find at the station that its journal was written anew there."""
    signing.send(3, signing.public)
    assert str(len(sent_of(signing.log, "01"))) in huying("hub-status", signing.database)
    heads = signing.place / "heads.txt"
    heads.write_text(huying("hub-status", signing.database, "--heads", "01"))
    assert len(heads.read_text().splitlines()) == 1
    words = ("journal", "verify", signing.log, "--key", signing.public, "--signed", heads)
    huying(*words)
    rewritten(signing.log)
    assert "rewritten" in huying(*words, code=1)


def test_another_key_than_the_bureau_knows_is_refused_and_told(signing: Signing) -> None:
    signing.send(1, "ab" * 32)
    assert "not of abababababab" in huying("hub-status", signing.database, code=1)
    with HubStore(str(signing.database)).journal as joined:
        assert len(joined) == len(sent_of(signing.log, "01")), "its events are joined all the same"


def test_a_journal_may_grow_while_it_is_signed(tmp_path: Path) -> None:
    own = signer(tmp_path)
    grow(tmp_path / "a.sqlite", 1)
    with Journal(str(tmp_path / "a.sqlite"), create=False) as journal:
        head = own.head(len(journal), journal.head)
    assert str(head).startswith("huying-head-1 ")
