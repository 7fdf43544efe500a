"""``huying users …``."""

from __future__ import annotations

import sys

import typer
from rich.table import Table

from voice.console.access import Users
from voice.terminal.output import screen


def add(name: str, role: str, from_stdin: bool) -> None:
    """Ask for the password twice, or read it from standard input."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("password 密码", hide_input=True, confirmation_prompt=True)
    users = Users()
    users.add(name, password, role)
    screen(error=True).print(f"{name}: {role}", style="green")


def show() -> None:
    """All accounts."""
    table = Table("user 用户", "role 角色", "tokens")
    for u in Users().all().values():
        table.add_row(u.name, u.role, str(len(u.tokens)))
    screen().print(table)


def remove(name: str) -> None:
    """Delete an account."""
    Users().remove(name)


def token(name: str) -> None:
    """Print a new token, once."""
    sys.stdout.write(Users().token(name) + "\n")
