"""``huying grammar …``."""

from __future__ import annotations

import contextlib
import getpass
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import ModelOption, NetOption, net_of

app = typer.Typer(no_args_is_help=True, help="Look at and test what a net can hear. 呼号与用语。", add_completion=False)

KINDS = {"unit": "call-sign 呼号", "control": "control 台站", "assistant": "assistant 助手", "phrase": "phrase 用语",
         "place": "place 地点", "digit": "digit 数字"}  # fmt: skip


@app.command(epilog="Example: huying grammar check --net my-net")
def check(
    net: NetOption = None,
    readings: Annotated[bool, typer.Option(help="List every phrase with its reading.")] = True,
) -> None:
    """Mistakes in a net's files, readings, and call signs that sound alike. Exit 1 on mistakes. 检查。"""
    from rich.table import Table

    from voice.grammar.check import clashes, to_rename
    from voice.net.loading import check_net
    from voice.places import sample_net
    from voice.terminal.output import screen, told

    out = screen()
    loaded, problems = check_net(net or sample_net())
    if loaded is not None and readings:
        table = Table("", "text", "reading 读音", "also")
        for e in loaded.lexicon.entries:
            rows = [" ".join("/".join(place) for place in r) for r in e.readings]
            table.add_row(told(KINDS[e.kind]), e.text, rows[0], "; ".join(rows[1:]))
        out.print(table)
    for p in problems:
        out.print(str(p), style="red")
    if loaded is None:
        raise typer.Exit(1)
    for p in loaded.notices:
        out.print(str(p), style="yellow")
    for unit, signs in loaded.short.items():
        if signs:
            out.print(f"{loaded.name_of(unit)}: also understood 口头简称: {'、'.join(signs)}", style="dim")
    for r in loaded.refused:
        line = f"{loaded.name_of(r.unit)}: “{r.text}” is not used as a short call sign, {r.why} 简称不用"
        out.print(line, style="dim")
    found = clashes(loaded.lexicon.entries)
    for c in found:
        what = "homophones 同音" if c.homophones else f"sound alike, {c.distance:.2f} syllables apart 音近"
        out.print(
            f"{what}: {c.a.text} ({loaded.name_of(c.a.key)}) — {c.b.text} ({loaded.name_of(c.b.key)})",
            style="yellow",
        )
    if found:
        names = "、".join(e.text for e in to_rename(found))
        advice = f"rename 建议改名: {names}; then run “huying grammar hear”"
        out.print(advice, style="yellow")
    lexicon = loaded.lexicon
    out.print(
        f"{loaded.settings.name}: {len(loaded.units)} units, {len(lexicon.entries)} words, "
        f"{len(lexicon.templates)} sentences; {len(problems)} mistakes, {len(loaded.notices)} notices, "
        f"{len(found)} pairs sound alike",
    )  # fmt: skip
    raise typer.Exit(1 if problems else 0)


@app.command(epilog="Example: huying grammar learn 地下室门被撬了 --net my-net --journal log.sqlite")
def learn(
    phrase: Annotated[str, typer.Argument(help="What people say, one phrase.")],
    net: NetOption = None,
    meaning: Annotated[
        str, typer.Option(help="What it means: a meaning of the grammar files, or in Chinese.")
    ] = "situation",
    journal: Annotated[str, typer.Option(help="Rehearse on the overs that this journal has kept.")] = "",
    by: Annotated[str, typer.Option(help="Who decides it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Learn it whatever speaks against it.")] = False,
) -> None:
    """Teach the net a phrase: its reading, call signs like it, how often it is heard by mistake. 学用语。"""
    from voice.grammar.meanings import key_of
    from voice.journal.store import Journal
    from voice.measure.phrase_cost import cost_of
    from voice.net.learning import learn as learn_phrase
    from voice.net.learning import propose
    from voice.net.loading import load_net
    from voice.talk.by_hand import NetEdited
    from voice.terminal.output import screen

    out = screen()
    loaded = load_net(_own(net))
    found = propose(loaded, phrase, key_of(meaning))
    out.print(f"{found.text}: {found.reading}")
    against = [f"sounds like the call sign {text} 与呼号音近 ({d:g} syllables apart)" for text, d in found.alike]
    if found.risky:
        against.append("so short that other talk contains it by chance 太短, 容易误听")
    if journal:
        with Journal(journal) as log:
            cost = cost_of(loaded, log, found)
        told = f": {', '.join(map(str, cost.heard))}" if cost.heard else ""
        out.print(f"heard in {len(cost.heard)} of {cost.overs} overs of the journal{told}")
        if cost.heard:
            against.append("listen to these overs: was it said in all of them? 请核对这些发话")
    for line in against:
        out.print(f"! {line}", style="yellow")
    if against and not yes:
        out.print("not learned; --yes learns it all the same", style="yellow")
        raise typer.Exit(1)
    who = by or getpass.getuser()
    change = learn_phrase(loaded, found, who)
    if journal:
        with Journal(journal) as log:
            note = f"+{found.text} = {found.meaning}"
            log.enter(
                NetEdited(file=change.path.name, sha256=change.sha256, replaced=change.replaced, by=who, note=note)
            )
    out.print(f"{change.path}: learned; a station that runs hears it in a few seconds")


@app.command(epilog="Example: huying grammar forget 地下室门被撬了 --net my-net")
def forget(
    phrase: Annotated[str, typer.Argument(help="A phrase that was learned.")] = "", net: NetOption = None
) -> None:
    """Take a learned phrase back; without one, list what was learned. 忘掉用语。"""
    from voice.net.learning import forget as forget_phrase
    from voice.net.learning import learned
    from voice.net.loading import load_net
    from voice.terminal.output import screen

    out = screen()
    loaded = load_net(_own(net))
    if not phrase:
        for text, meaning in learned(loaded).items():
            out.print(f"{text} = {meaning}")
        return
    out.print(f"{forget_phrase(loaded, phrase).path}: forgotten; a station that runs hears it no more in a few seconds")


def _own(folder: Path | None) -> Path:
    """A net that may be changed. Raises HuyingError."""
    from voice.errors import HuyingError
    from voice.places import sample_net

    if folder is None or folder.resolve() == sample_net().resolve():
        raise HuyingError("the sample net does not learn; copy its folder and name the copy with --net 示例网不能修改")
    return folder


@app.command(epilog="Example: huying grammar hear --snr 10")
def hear(
    net: NetOption = None,
    snr: Annotated[float, typer.Option(help="dB of the simulated channel.")] = 12.0,
    voices: Annotated[int, typer.Option(min=1, max=6, help="Voices that say each call sign.")] = 3,
    model: ModelOption = None,
) -> None:
    """Say every call sign over a simulated radio and list those that are not understood. 自听测试。"""
    import numpy as np
    from rich.progress import track
    from rich.table import Table

    from voice.measure.channel import Channel
    from voice.measure.hearing import VOICES, hear_yourself
    from voice.places import cache_folder
    from voice.speech.synthesiser import Synthesiser
    from voice.station.announcer import Announcer
    from voice.station.ear import open_ear
    from voice.terminal.output import screen, told

    out, status = screen(), screen(error=True)
    loaded = net_of(net)
    ear = open_ear(loaded, model=model)
    signs = [e for e in loaded.lexicon.entries if e.kind == "unit"]
    table = Table("call sign 呼号", "unit", "understood", "heard as", title=f"hear-yourself test at {snr:g} dB")
    lost = 0
    tell = status.print
    with (
        Synthesiser(cache_folder() / "speech") as synthesiser,
        contextlib.closing(Announcer(loaded, synthesiser, tell)) as speaker,
    ):
        for e in track(signs, "hear", console=status, transient=True, disable=not status.is_terminal):
            rng = np.random.default_rng(0)
            heard = hear_yourself(ear, e, synthesiser, Channel(snr_db=snr), VOICES[:voices], rng, speaker)
            wrong = [h for h in heard if not h.right]
            if wrong:
                lost += 1
                table.add_row(
                    e.text,
                    loaded.name_of(e.key),
                    f"{len(heard) - len(wrong)}/{len(heard)}",
                    "; ".join(f"{h.voice}: {h.text or told('nothing')}" for h in wrong),
                )
    if lost:
        out.print(table)
    out.print(f"{len(signs) - lost} of {len(signs)} call signs survive in all {voices} voices at {snr:g} dB")
    raise typer.Exit(1 if lost else 0)


@app.command(epilog="Example: huying grammar template roster.xlsx")
def template(
    output: Annotated[Path, typer.Argument(help="The workbook to write; one that is there is not replaced.")],
) -> None:
    """Write an empty roster as an Excel workbook, with an example and what belongs into the columns. 名册模板。"""
    from voice.net.roster_template import write_template
    from voice.terminal.output import screen

    write_template(output)
    screen().print(f"{output}: fill in the sheet 名册, then name the file in net.toml: roster = …")
