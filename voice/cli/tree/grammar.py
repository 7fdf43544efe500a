"""``huying grammar …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import ModelOption, NetOption, bough

grammar_app = bough("grammar", "Look at and test what a net can hear. 呼号与用语。")


@grammar_app.command("check", epilog="Example: huying grammar check --net my-net")
def grammar_check(
    net: NetOption = None,
    readings: Annotated[bool, typer.Option(help="List every phrase with its reading.")] = True,
) -> None:
    """Mistakes in a net's files, readings, and call signs that sound alike. Exit 1 on mistakes. 检查。"""
    from voice.cli.grammar import check

    raise typer.Exit(check(net, readings))


@grammar_app.command("learn", epilog="Example: huying grammar learn 地下室门被撬了 --net my-net --journal log.sqlite")
def grammar_learn(
    phrase: Annotated[str, typer.Argument(help="What people say, one phrase.")],
    net: NetOption = None,
    meaning: Annotated[str, typer.Option(help="What it means: a meaning of the grammar files.")] = "situation",
    journal: Annotated[str, typer.Option(help="Rehearse on the overs that this journal has kept.")] = "",
    by: Annotated[str, typer.Option(help="Who decides it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Learn it whatever speaks against it.")] = False,
) -> None:
    """Teach the net a phrase: its reading, call signs like it, how often it is heard by mistake. 学用语。"""
    from voice.cli.learning import learn

    raise typer.Exit(learn(net, phrase, meaning, journal, by, yes))


@grammar_app.command("forget", epilog="Example: huying grammar forget 地下室门被撬了 --net my-net")
def grammar_forget(
    phrase: Annotated[str, typer.Argument(help="A phrase that was learned.")] = "", net: NetOption = None
) -> None:
    """Take a learned phrase back; without one, list what was learned. 忘掉用语。"""
    from voice.cli.learning import forget

    forget(net, phrase)


@grammar_app.command("hear", epilog="Example: huying grammar hear --snr 10")
def grammar_hear(
    net: NetOption = None,
    snr: Annotated[float, typer.Option(help="dB of the simulated channel.")] = 12.0,
    voices: Annotated[int, typer.Option(min=1, max=6, help="Voices that say each call sign.")] = 3,
    model: ModelOption = None,
) -> None:
    """Say every call sign over a simulated radio and list those that are not understood. 自听测试。"""
    from voice.cli.grammar import hear

    raise typer.Exit(hear(net, snr, voices, model))


@grammar_app.command("template", epilog="Example: huying grammar template roster.xlsx")
def grammar_template(
    output: Annotated[Path, typer.Argument(help="The workbook to write; one that is there is not replaced.")],
) -> None:
    """Write an empty roster as an Excel workbook, with an example and what belongs into the columns. 名册模板。"""
    from voice.net.roster_template import write_template

    write_template(output)
    typer.echo(f"{output}: fill in the sheet 名册, then name the file in net.toml: roster = …")
