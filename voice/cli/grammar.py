"""``huying grammar …``."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
from rich.progress import track
from rich.table import Table

from voice.grammar.check import clashes, to_rename
from voice.measure.channel import Channel
from voice.measure.hearing import VOICES, hear_yourself
from voice.net.loading import check_net, load_net
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.ear import open_ear
from voice.station.speaker import Speaker
from voice.terminal.output import screen

KINDS = {"unit": "呼号", "control": "台站", "assistant": "助手", "phrase": "用语", "place": "地点", "digit": "数字"}


def check(folder: Path | None, readings: bool) -> int:
    """0 if the files are right, 1 with every mistake named. Likeness is a warning."""
    out = screen()
    net, problems = check_net(folder or sample_net())
    for p in problems:
        out.print(str(p), style="red", soft_wrap=True)
    if net is None:
        return 1
    for p in net.notices:
        out.print(str(p), style="yellow", soft_wrap=True)
    if readings:
        table = Table("", "text", "reading 读音", "also")
        for e in net.lexicon.entries:
            rows = [" ".join("/".join(place) for place in r) for r in e.readings]
            table.add_row(KINDS[e.kind], e.text, rows[0], "; ".join(rows[1:]))
        out.print(table)
    for unit, signs in net.short.items():
        if signs:
            out.print(f"{net.name_of(unit)}: also understood 口头简称: {'、'.join(signs)}", style="dim", soft_wrap=True)
    for r in net.refused:
        told = f"{net.name_of(r.unit)}: “{r.text}” is not used as a short call sign, {r.why} 简称不用"
        out.print(told, style="dim", soft_wrap=True)
    found = clashes(net.lexicon.entries)
    for c in found:
        what = "homophones 同音" if c.homophones else f"sound alike 音近, {c.distance:.2f} syllables apart"
        out.print(
            f"{what}: {c.a.text} ({net.name_of(c.a.key)}) — {c.b.text} ({net.name_of(c.b.key)})",
            style="yellow",
            soft_wrap=True,
        )
    if found:
        names = "、".join(e.text for e in to_rename(found))
        advice = f"rename 建议改名: {names}; then run “huying grammar hear”"
        out.print(advice, style="yellow", soft_wrap=True)
    lexicon = net.lexicon
    out.print(
        f"{net.settings.name}: {len(net.units)} units, {len(lexicon.entries)} words, "
        f"{len(lexicon.templates)} sentences; {len(problems)} mistakes, {len(net.notices)} notices, "
        f"{len(found)} pairs sound alike", soft_wrap=True,
    )  # fmt: skip
    return 1 if problems else 0


def hear(folder: Path | None, snr: float, voices: int, model: str | None) -> int:
    """0 if every call sign was understood in every voice, 1 otherwise."""
    out, status = screen(), screen(error=True)
    net = load_net(folder or sample_net())
    ear = open_ear(net, model=model)
    signs = [e for e in net.lexicon.entries if e.kind == "unit"]
    table = Table("call sign 呼号", "unit", "understood", "heard as", title=f"hear-yourself test at {snr:g} dB")
    lost = 0
    tell = lambda text: status.print(text, soft_wrap=True)  # noqa: E731
    with (
        Synthesiser(cache_folder() / "speech") as synthesiser,
        contextlib.closing(Speaker(net, synthesiser, tell)) as speaker,
    ):
        for e in track(signs, "hear", console=status, transient=True, disable=not status.is_terminal):
            rng = np.random.default_rng(0)
            heard = hear_yourself(ear, e, synthesiser, Channel(snr_db=snr), VOICES[:voices], rng, speaker)
            wrong = [h for h in heard if not h.right]
            if wrong:
                lost += 1
                table.add_row(
                    e.text,
                    net.name_of(e.key),
                    f"{len(heard) - len(wrong)} of {len(heard)}",
                    "; ".join(f"{h.voice}: {h.text or 'nothing'}" for h in wrong),
                )
    if lost:
        out.print(table)
    out.print(f"{len(signs) - lost} of {len(signs)} call signs survive in all {voices} voices at {snr:g} dB")
    return 1 if lost else 0
