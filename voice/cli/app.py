"""``huying`` itself, and the table of its commands: a command's module is imported when the command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group

import voice
from voice.cli.help import translate
from voice.language import language

COMMANDS: dict[str, tuple[str, str]] = {
    "replay": (
        "replay",
        "Hear recordings and log who was called, who answered, when, and who stayed silent. 回放录音, 生成日志。",
    ),
    "simulate": (
        "simulate",
        "Make a recording of a net with synthetic voices on a radio channel, and its label file. 合成录音。",
    ),
    "score": (
        "score",
        "How well recordings are heard: recall, precision, false alarms, answer-time error, confusions. 评分。",
    ),
    "eval": (
        "evaluate",
        "How far the ear can be trusted on your own recordings, and which thresholds suit. 评测与阈值。",
    ),
    "adapt": (
        "adapt",
        "Learn this station's voices and channel from confirmed overs; kept only if it helps. 适应本台。",
    ),
    "start": (
        "start",
        "Station and console together, with the net of last time; the first time an assistant asks. 一键启动。",
    ),
    "listen": ("listen", "Sit at the radio: log the net as it happens and, with --output, call the roll. 实时收听。"),
    "code": (
        "orders",
        'Codes of the day, for nets with commands = "code": spoken after a command on the air. 当日口令。',
    ),
    "alert": (
        "orders",
        "Have a running station read an alert and count the answers, or withdraw the one it reads. "
        "播报通知, 撤回通知。",
    ),
    "rollcall": (
        "orders",
        "Have a running station call the roll, pause it, go on, skip or repeat a unit, or end it. 点名。",
    ),
    "serve": ("serve", "The console in a browser and the HTTP API, on a journal that may be growing. 控制台。"),
    "poll": ("orders", "Have a running station ask one unit after the other, until an answer fits. 轮询。"),
    "watch": (
        "orders",
        "Have a running station call units that were not heard in time, and raise the alarm. 定时查岗。",
    ),
    "say": ("orders", "Have a running station say something: a test of voice and transmitter. 试播。"),
    "devices": ("devices", "Sound cards of this machine, with the level of each input. 声卡。"),
    "bench-net": (
        "bench_net",
        "Try an automatic roll-call without a radio: this machine plays the units. 自动点名演练。",
    ),
    "doctor": ("doctor", "What is installed, what is missing, and the command that mends it. 检查安装。"),
    "soak": (
        "soak",
        "Days of traffic in minutes, with absences, lost devices and kills: is anything lost or doubled? 耐久测试。",
    ),
    "uplink": (
        "bureau",
        "Publish a station's journal to the bureau, and bring the bureau's alerts to the station. 上传到分局。",
    ),
    "hub": (
        "bureau",
        "Keep what all stations of a bureau send, in one database and one journal; several may run. 分局汇总。",
    ),
    "hub-status": (
        "bureau",
        "How far every station has come, and what could not be kept. Exit 1 on a fault. 各站进度。",
    ),
    "broadcast": (
        "bureau",
        "Have many stations read an alert on their own air; the answers come up with their journals. 向各站下发通知。",
    ),
    "bench": ("bench", "Speed on this machine. 测速。"),
    "journal": ("journal", "Read, search, export and verify a journal. 日志。"),
    "grammar": ("grammar", "Look at and test what a net can hear. 呼号与用语。"),
    "models": ("models", "Acoustic models. 声学模型。"),
    "users": ("users", "Who may use the console. 控制台用户。"),
}
"""Name → (module in ``voice.cli``, line shown by ``huying --help``), in the order shown."""

trunk = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Huying 呼应: hears a two-way radio net and keeps its log. 听对讲机频道, 记点名日志。",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"huying {voice.__version__}")
        raise typer.Exit


@trunk.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options before any command."""


class Command(TyperCommand):
    """A command or group whose module is imported when it is called, or when its own help is shown."""

    def __init__(self, name: str, module: str, line: str) -> None:
        super().__init__(name, help=line)
        self._module = module

    def loaded(self) -> Any:
        """The click command behind it: ``app`` of its module, or the command of this name in it."""
        found = get_command(import_module(f"voice.cli.{self._module}").app)
        return translate(getattr(found, "commands", {}).get(self.name, found), language())

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        return self.loaded().make_context(*args, **kwargs)


def tree() -> Any:
    """The group of all commands, made anew."""
    made = get_group(trunk)
    made.commands.update({name: Command(name, *entry) for name, entry in COMMANDS.items()})
    return made


app = tree()


def entry() -> Any:
    """``huying`` at the terminal, with help in the user's language."""
    return translate(tree(), language())
