"""Devices of a desk as configured: audio input, audio output, and the PTT line."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from datetime import datetime

from voice.audio.card import CardSink, CardSource
from voice.audio.source import AudioSource
from voice.audio.streams import Raw, RawStream, UdpStream
from voice.errors import HuyingError
from voice.net.settings import StationSettings
from voice.pcm import Pcm16
from voice.radio.ptt import PttSettings, kind_of_carrier
from voice.radio.ptt.kept import MAKING_S, STALL_S, KeptPtt
from voice.radio.ptt.none import VOX_LEAD_S, NoPtt
from voice.radio.sense import CarrierSense
from voice.radio.transmitter import PttLine, TransmitSettings, Transmitter


def open_source(
    desk: StationSettings, raw: Raw, notice: Callable[[str, str], None], began: datetime | None = None
) -> tuple[AudioSource, CardSource | None]:
    """The source, and again if it is a sound card. ``began``: start time of a piped recording."""
    if began and desk.input != "-":
        raise HuyingError("--start is for a recording that comes through a pipe (--input -); what is live is now")
    if desk.input == "-":
        return RawStream(sys.stdin.buffer, raw, "stdin", began, began is None, notice), None
    if desk.input.startswith("udp:"):
        host, _, port = desk.input.removeprefix("udp:").rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise HuyingError(f"--input {desk.input}: write udp:7355 or udp:0.0.0.0:7355")
        return UdpStream(int(port), host or "127.0.0.1", raw, desk.input, notice), None
    card = CardSource(desk.input, notice)
    return card, card


def open_transmitter(desk: StationSettings, line: PttLine, card: CardSource | None, level_db: float) -> Transmitter:
    """Plays to the desk's output; without one it can only report that there is none."""
    sink = CardSink(desk.output) if desk.output else None

    expect = line.expect if isinstance(line, KeptPtt) else lambda _s: None

    def play(pcm: Pcm16) -> None:
        if sink is None:
            raise HuyingError("there is no --output to speak to")
        expect(STALL_S)
        sink.play(pcm, expect)
        expect(MAKING_S)

    vox = VOX_LEAD_S if desk.ptt == "none" else 0.0
    began = time.monotonic()
    return Transmitter(
        line,
        play,
        (lambda: card.now) if card else (lambda: time.monotonic() - began),
        TransmitSettings(vox_tone_s=vox, longest_s=desk.timeout_s, level_db=level_db),
        card.deafen if card else lambda _on: None,
    )


def open_line(
    desk: StationSettings, tell: Callable[[str], None], stack: contextlib.ExitStack, cut: Callable[[str], None]
) -> tuple[PttLine, Callable[[], bool]]:
    """PTT line and carrier detect beside the audio; both are closed with ``stack``. ``cut`` is told, from another
    thread, why a transmission was cut short."""
    kind = "" if desk.carrier == "audio" else kind_of_carrier(desk.carrier)
    same = kind == desk.ptt and desk.carrier_device in ("", desk.ptt_device)
    asks = desk.carrier if same else ""
    ptt = PttSettings(desk.ptt, desk.ptt_device, desk.ptt_line, desk.ptt_inverted, asks, answer_s=desk.ptt_answer_s)
    line: PttLine = NoPtt()
    if desk.ptt != "none":
        line = stack.enter_context(contextlib.closing(KeptPtt(ptt, desk.timeout_s, tell, cut)))
    if desk.carrier == "audio":
        return line, lambda: False
    if same and isinstance(line, KeptPtt):
        asked = line
    else:
        device = desk.carrier_device or desk.ptt_device
        other = PttSettings(kind, device, carrier=desk.carrier, answer_s=desk.ptt_answer_s)
        asked = stack.enter_context(contextlib.closing(KeptPtt(other, desk.timeout_s, tell)))
    return line, stack.enter_context(contextlib.closing(CarrierSense(asked, tell))).busy


def end_source(source: AudioSource) -> None:
    """Make a live source that never ends by itself deliver its last frame."""
    if isinstance(source, CardSource):
        source.end()
    elif isinstance(source, UdpStream | RawStream):
        source.ended = True
