"""Manage people from the command line: python -m auth add NAME … Works whether or not the studio is running."""

import argparse
import sys
import time

from auth.accounts.principal import Principal
from auth.accounts.sessions import as_role
from auth.accounts.users import Accounts
from auth.http.base_url import terminal_url
from auth.pages.wording import ago
from data import DataFolder
from db import open_database
from errors import StudioError
from settings import Settings, from_environment


def main(args: list[str] | None = None) -> int:
    """Run one command and print its result. Returns the exit status."""
    arguments = _parser().parse_args(args)
    settings = from_environment()
    data = DataFolder(settings.data)
    try:
        data.create()
        database = open_database(data.database)
        try:
            print(_do(arguments, Accounts(database, settings), settings))
        finally:
            database.close()
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m auth", description="Manage the people of the studio. Set C41_DATA to choose the data folder."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str, *arguments: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=help, description=help)
        for argument in arguments:
            subparser.add_argument(argument.lower(), metavar=argument)
        return subparser

    command("add", "Add a person and print a link where they choose a password.", "NAME").add_argument(
        "--role", choices=("member", "owner"), default="member", help="their role (default: member)"
    )
    command("list", "List all people.")
    command("reset", "Remove a person's password, sign them out and print a new link.", "NAME").add_argument(
        "--tokens", action="store_true", help="also revoke their access tokens"
    )
    command("disable", "Block a person from signing in, and their browsers and tokens too.", "NAME")
    command("enable", "Let a blocked person sign in again.", "NAME")
    command("token", "Create an access token for a person and print it. It is not shown again.", "NAME", "LABEL")
    command("tokens", "List a person's access tokens.", "NAME")
    command("revoke", "Revoke an access token by its id; 'tokens' lists the ids.", "ID")
    return parser


def _do(arguments: argparse.Namespace, accounts: Accounts, settings: Settings) -> str:
    match arguments.command:
        case "add":
            return _link(accounts.add(arguments.name, arguments.role), settings)
        case "list":
            return _people(accounts)
        case "reset":
            return _link(accounts.reset(arguments.name, arguments.tokens), settings) + _left(accounts, arguments.name)
        case "disable":
            accounts.disable(arguments.name)
            return f"{arguments.name} can no longer sign in."
        case "enable":
            accounts.enable(arguments.name)
            return f"{arguments.name} can sign in again."
        case "token":
            return accounts.new_token(_as(accounts, arguments.name), arguments.label)
        case "tokens":
            return _tokens(accounts, arguments.name)
        case _:
            accounts.revoke(None, arguments.id)
            return "The token is revoked."


def _left(accounts: Accounts, name: str) -> str:
    """Return a note about the tokens a reset left in place."""
    person = accounts.people_admin.person(accounts.find(name).id)
    if not person.tokens:
        return ""
    count = "1 access token" if person.tokens == 1 else f"{person.tokens} access tokens"
    return f"\n\n{name} still has {count}: 'tokens' lists them, 'reset --tokens' revokes them too."


def _link(path: str, settings: Settings) -> str:
    link = f"{terminal_url(settings)}{path}"
    message = f"Open this link to choose a password. It works once and expires in 24 hours:\n\n  {link}"
    if settings.base_url:
        return message
    return f"{message}\n\nOn another device, replace the first part with the studio's address."


def _people(accounts: Accounts) -> str:
    lines = [
        f"{person.name}\t{person.role}{'  sign-in blocked' * person.disabled}{'  link not opened yet' * person.invited}"
        for person in accounts.people()
    ]
    return "\n".join(lines) or "No people yet. Start the studio: it prints a link for the first account."


def _as(accounts: Accounts, name: str) -> Principal:
    user = accounts.find(name)
    return Principal(user_id=user.id, name=user.name, role=as_role(user.role), via="token")


def _tokens(accounts: Accounts, name: str) -> str:
    now = time.time()
    lines = [
        f"{item.id}  {item.name}  (used: {ago(item.used_at, now)})" for item in accounts.tokens(_as(accounts, name))
    ]
    return "\n".join(lines) or f"{name} has no access tokens."


if __name__ == "__main__":
    sys.exit(main())
