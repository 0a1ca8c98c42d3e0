"""The services of a running studio, wired once and handed to pages and endpoints."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data import DataFolder
from db import Database
from settings import Settings

if TYPE_CHECKING:
    from auth.accounts import Accounts
    from engines.catalog import Catalog
    from engines.language.shelf import Language
    from jobs.recipes.service import Recipes
    from jobs.service import Jobs
    from library.conversations.service import Conversations
    from library.service import Library


@dataclass(frozen=True)
class Studio:
    """Everything a page or an endpoint may use."""

    settings: Settings
    data: DataFolder
    database: Database
    accounts: "Accounts"
    catalog: "Catalog"
    library: "Library"
    conversations: "Conversations"
    jobs: "Jobs"
    language: "Language"
    recipes: "Recipes"
