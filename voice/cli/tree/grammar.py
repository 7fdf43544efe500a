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
