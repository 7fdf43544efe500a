"""``huying users …``."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

app = typer.Typer(no_args_is_help=True, help="Who may use the console. 控制台用户。", add_completion=False)

Role = Literal["viewer", "operator", "admin"]
NameArgument = Annotated[str, typer.Argument(help="User name.")]


@app.command(epilog="Example: huying users add 王 --role operator")
def add(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="viewer reads; operator also orders and corrects; admin.")] = "operator",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Make an account, or give one a new password. 添加用户。"""
    from voice.console.users import Users, hasher
    from voice.terminal.output import screen, told

    hasher()  # nobody types a password in vain
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt(
            told("password 密码"), hide_input=True, confirmation_prompt=told("the same again 再输一遍")
        )
    Users().add(name, password, role)
    screen(error=True).print(f"{name}: {role}", style="green")


@app.command("list", epilog="Example: huying users list")
def show() -> None:
    """All accounts. 用户列表。"""
    from rich.table import Table

    from voice.console.users import Users
    from voice.terminal.output import screen

    table = Table("user 用户", "role 角色", "tokens")
    for u in Users().all().values():
        table.add_row(u.name, u.role, str(len(u.tokens)))
    screen().print(table)


@app.command(epilog="Example: huying users remove 王")
def remove(name: NameArgument) -> None:
    """Delete an account and its tokens. 删除用户。"""
    from voice.console.users import Users

    Users().remove(name)


@app.command(epilog="Example: huying users token 王")
def token(name: NameArgument) -> None:
    """Print a new token for programs; it is shown once. 程序用令牌。"""
    from voice.console.users import Users

    sys.stdout.write(Users().token(name) + "\n")
