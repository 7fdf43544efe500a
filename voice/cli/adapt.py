"""``huying adapt``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import JournalArgument, ModelOption, NetOption, net_of

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying adapt log.sqlite --net my-net --output models/our-station")
def adapt(
    journal: JournalArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the adapted model; must not exist.")],
    net: NetOption = None,
    model: ModelOption = None,
    epochs: Annotated[int, typer.Option(min=1, max=200, help="How often every over is learned.")] = 24,
) -> None:
    """Learn this station's voices and channel from confirmed overs; kept only if it helps. 适应本台。"""
    from rich.progress import Progress
    from rich.table import Table

    from voice.journal.store import Journal
    from voice.measure.adapting import adapt_to, confirmations
    from voice.measure.evaluation import share
    from voice.measure.rehearsal import rehearsal
    from voice.places import cache_folder
    from voice.speech.models import find_model
    from voice.speech.synthesiser import Synthesiser
    from voice.terminal.output import screen, told

    loaded = net_of(net)
    base = find_model(model or loaded.settings.recognition.model)
    with Journal(journal, create=False) as log:
        confirmed = confirmations(log)
    status, out = screen(error=True), screen()
    with tempfile.TemporaryDirectory() as work, Progress(console=status, transient=True) as bar:
        spoken, learned = bar.add_task("other speech 其他语音", total=1.0), bar.add_task("adapt 学习", total=1.0)
        with Synthesiser(cache_folder() / "speech") as synthesiser:
            other = rehearsal(loaded, synthesiser, progress=lambda s: bar.update(spoken, completed=s))
            result = adapt_to(
                loaded, confirmed, other, base, output, Path(work), epochs, lambda s: bar.update(learned, completed=s)
            )
    out.print(f"learned from {result.learned} overs, {result.minutes:.1f} min")
    if result.left_out:
        out.print(f"{result.left_out} overs were left out, the text cannot be read or does not fit", style="yellow")
    table = Table("held-back overs", "before", "after")
    a, b = result.before, result.after
    table.add_row(told("exactly as said"), share(a.exact, a.overs), share(b.exact, b.overs))
    table.add_row(told("words believed 采信"), share(a.believed, a.said), share(b.believed, b.said))
    table.add_row(told("false words 误报"), str(a.false), str(b.false))
    table.add_row(told("surprise, nats a frame"), f"{a.surprise:.3f}", f"{b.surprise:.3f}")
    out.print(table)
    if result.folder is None:
        out.print("the held-back overs are not heard better: the adapted model was not kept 未保留", style="yellow")
        raise typer.Exit(1)
    out.print(
        f'{result.folder}\nuse it: in net.toml, [recognition] model = "{result.folder.resolve().as_posix()}"',
        style="green",
    )
