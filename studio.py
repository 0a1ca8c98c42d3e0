"""The services of a running studio, wired once and passed to pages and endpoints."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data import DataFolder
from db import Database
from settings import Settings

if TYPE_CHECKING:
    from auth.accounts.users import Accounts
    from engines.catalog import Catalog
    from engines.language.models import LanguageService
    from jobs.recipes.service import Recipes
    from jobs.service import Jobs
    from library.conversations.service import Conversations
    from library.service import Library


@dataclass(frozen=True)
class Studio:
    """All services that pages and endpoints may use."""

    settings: Settings
    data: DataFolder
    database: Database
    accounts: "Accounts"
    catalog: "Catalog"
    library: "Library"
    conversations: "Conversations"
    jobs: "Jobs"
    language: "LanguageService"
    recipes: "Recipes"
