"""``huying models …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voice.cli.tree.root import bough

models_app = bough("models", "Acoustic models. 声学模型。")


@models_app.command("list")
def models_list() -> None:
    """Models that are here, and those that can be pulled. 有哪些模型。"""
    from voice.cli.models import show

    show()


@models_app.command("pull", epilog="Example: huying models pull vosk-model-small-cn-0.22 --from model.zip")
def models_pull(
    name: Annotated[str, typer.Argument(help="See “models list”.")],
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", help="What was fetched on another machine: a zip, packages, or a folder of them."),
    ] = None,
) -> None:
    """Fetch a model, check it, unpack it: for hearing, speaking or dictation. 下载模型。"""
    from voice.cli.models import pull

    pull(name, source or [])


@models_app.command("path")
def models_path(name: Annotated[str, typer.Argument(help="Model name.")] = "huying-zh-8k") -> None:
    """Folder of a model. 模型的位置。"""
    from voice.cli.models import path

    path(name)


@models_app.command("verify")
def models_verify(
    name: Annotated[str | None, typer.Argument(help="Model name or folder; all if left out.")] = None,
) -> None:
    """Are models whole? Exit 1 if not. 校验模型。"""
    from voice.cli.models import verify

    raise typer.Exit(verify(name))
