"""``huying adapt``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from voice.journal.store import Journal
from voice.measure.adapting import adapt_to, confirmations
from voice.measure.evaluation import share
from voice.measure.rehearsal import rehearsal
from voice.net.loading import load_net
from voice.places import cache_folder, sample_net
from voice.speech.models import find_model
from voice.speech.synthesiser import Synthesiser
from voice.terminal.output import screen


def run(target: str, output: Path, net_folder: Path | None, model: str | None, epochs: int) -> int:
    """Exit status: 0 if the adapted model was kept, 1 if not."""
    net = load_net(net_folder or sample_net())
    base = find_model(model or net.settings.recognition.model)
    with Journal(target, create=False) as journal:
        confirmed = confirmations(journal)
    status, out = screen(error=True), screen()
    with tempfile.TemporaryDirectory() as work, Progress(console=status, transient=True) as bar:
        spoken, learned = bar.add_task("other speech 其他语音", total=1.0), bar.add_task("adapt 学习", total=1.0)
        with Synthesiser(cache_folder() / "speech") as synthesiser:
            other = rehearsal(net, synthesiser, progress=lambda s: bar.update(spoken, completed=s))
            result = adapt_to(
                net, confirmed, other, base, output, Path(work), epochs, lambda s: bar.update(learned, completed=s)
            )
    out.print(f"learned from {result.learned} overs, {result.minutes:.1f} min")
    if result.left_out:
        out.print(f"{result.left_out} overs were left out: their text cannot be read or does not fit", style="yellow")
    table = Table("held-back overs", "before", "after")
    a, b = result.before, result.after
    table.add_row("exactly as said", share(a.exact, a.overs), share(b.exact, b.overs))
    table.add_row("words believed 采信", share(a.believed, a.said), share(b.believed, b.said))
    table.add_row("false words 误报", str(a.false), str(b.false))
    table.add_row("surprise, nats a frame", f"{a.surprise:.3f}", f"{b.surprise:.3f}")
    out.print(table)
    if result.folder is None:
        out.print("the held-back overs are not heard better: the adapted model was not kept 未保留", style="yellow")
        return 1
    out.print(
        f'{result.folder}\nuse it: in net.toml, [recognition] model = "{result.folder.resolve().as_posix()}"',
        style="green",
        soft_wrap=True,
    )
    return 0
