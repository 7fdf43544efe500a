"""``huying users …``."""

from __future__ import annotations

from typing import Annotated

import typer

from voice.cli.tree.root import bough

users_app = bough("users", "Who may use the console. 控制台用户。")


@users_app.command("add", epilog="Example: huying users add 王 --role operator")
def users_add(
    name: Annotated[str, typer.Argument(help="User name.")],
    role: Annotated[str, typer.Option(help="viewer reads; operator also orders and corrects; admin.")] = "operator",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Make an account, or give one a new password. 添加用户。"""
    from voice.cli.users import add

    add(name, role, password_stdin)


@users_app.command("list")
def users_list() -> None:
    """All accounts. 用户列表。"""
    from voice.cli.users import show

    show()


@users_app.command("remove")
def users_remove(name: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Delete an account and its tokens. 删除用户。"""
    from voice.cli.users import remove

    remove(name)


@users_app.command("token")
def users_token(name: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Print a new token for programs; it is shown once. 程序用令牌。"""
    from voice.cli.users import token

    token(name)
