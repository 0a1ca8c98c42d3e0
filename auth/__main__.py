"""People from the command line: python -m auth add NAME … Works while the studio runs, and before it ever did."""

import argparse
import sys
import time

from auth.accounts import Accounts
from auth.base_url import terminal_url
from auth.principal import Principal
from auth.sessions import as_role
from auth.words import ago
from data import DataFolder
from db import open_database
from errors import StudioError
from settings import Settings, from_environment


def main(args: list[str] | None = None) -> int:
    """Do one thing and say what came of it. Returns the exit status."""
    asked = _parser().parse_args(args)
    settings = from_environment()
    data = DataFolder(settings.data)
    try:
        data.create()
        database = open_database(data.database)
        try:
            print(_do(asked, Accounts(database, settings), settings))
        finally:
            database.close()
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m auth", description="The people of the studio. C41_DATA says which data folder."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str, *arguments: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help)
        for argument in arguments:
            made.add_argument(argument.lower(), metavar=argument)
        return made

    command("add", "Add a person and print the link where they choose their password.", "NAME").add_argument(
        "--role", choices=("member", "owner"), default="member", help="what they may do (default: member)"
    )
    command("list", "Show everyone.")
    command("reset", "Forget a person's password, sign them out, and print a new link.", "NAME").add_argument(
        "--tokens", action="store_true", help="end their tokens for scripts too"
    )
    command("disable", "Keep a person out, with their browsers and tokens.", "NAME")
    command("enable", "Let a disabled person in again.", "NAME")
    command("token", "Make a token for a person's script and print it, this once.", "NAME", "LABEL")
    command("tokens", "Show a person's tokens.", "NAME")
    command("revoke", "End a token, by its id from 'tokens'.", "ID")
    return parser


def _do(asked: argparse.Namespace, accounts: Accounts, settings: Settings) -> str:
    match asked.command:
        case "add":
            return _link(accounts.add(asked.name, asked.role), settings)
        case "list":
            return _people(accounts)
        case "reset":
            return _link(accounts.reset(asked.name, asked.tokens), settings) + _left(accounts, asked.name)
        case "disable":
            accounts.disable(asked.name)
            return f"{asked.name} is kept out from now on."
        case "enable":
            accounts.enable(asked.name)
            return f"{asked.name} may come in again."
        case "token":
            return accounts.new_token(_as(accounts, asked.name), asked.label)
        case "tokens":
            return _tokens(accounts, asked.name)
        case _:
            accounts.revoke(None, asked.id)
            return "The token is revoked."


def _left(accounts: Accounts, name: str) -> str:
    """What a reset leaves as it was."""
    person = accounts.household.person(accounts.find(name).id)
    if not person.tokens:
        return ""
    count = "1 token" if person.tokens == 1 else f"{person.tokens} tokens"
    return f"\n\n{name} still has {count} for scripts: 'tokens' shows them, '--tokens' ends them too."


def _link(path: str, settings: Settings) -> str:
    said = f"Open this link once, within a day, to choose a password:\n\n  {terminal_url(settings)}{path}"
    if settings.base_url:
        return said
    return f"{said}\n\nFrom another device, put the studio's address there in place of the first part."


def _people(accounts: Accounts) -> str:
    lines = [
        f"{person.name}\t{person.role}{'  disabled' * person.disabled}{'  link not opened yet' * person.invited}"
        for person in accounts.people()
    ]
    return "\n".join(lines) or "Nobody yet. Start the studio: it prints the link for the first account."


def _as(accounts: Accounts, name: str) -> Principal:
    user = accounts.find(name)
    return Principal(user_id=user.id, name=user.name, role=as_role(user.role), via="token")


def _tokens(accounts: Accounts, name: str) -> str:
    now = time.time()
    lines = [
        f"{item.id}  {item.name}  (used: {ago(item.used_at, now)})" for item in accounts.tokens(_as(accounts, name))
    ]
    return "\n".join(lines) or f"{name} has no tokens."


if __name__ == "__main__":
    sys.exit(main())
