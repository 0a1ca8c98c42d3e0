"""Administration by the owner: health, failures, backups, unclaimed files, phones, settings."""

from fastapi import Request

from api.operations.registry import Absent, Operations
from api.principal import Owner
from api.studio_about import About, about
from api.studio_backup import Backups, BackupView
from api.studio_failures import FailureView, failures
from api.studio_health import Health, HealthLook
from api.studio_links import Phone, phone
from api.studio_unclaimed import Reclaim, UnclaimedView
from studio import Studio

operations = Operations()


@operations.add("GET /api/studio/health", Absent.OWNER)
def health(look: HealthLook, _: Owner) -> Health:
    """Return the health of the studio."""
    return look.look()


@operations.add("GET /api/studio/failures", Absent.OWNER)
def failed(studio: Studio, _: Owner) -> list[FailureView]:
    """List the failures of the last 30 days by cause, without prompts or other content."""
    return failures(studio.database)


@operations.add("GET /api/studio/backup", Absent.OWNER)
def backup(backups: Backups, _: Owner) -> BackupView:
    """Return the last backup and the progress of the current one."""
    return backups.view()


@operations.add("POST /api/studio/backup", Absent.OWNER, status=202)
def make_backup(backups: Backups, _: Owner) -> BackupView:
    """Start a backup in the background."""
    return backups.start()


@operations.add("GET /api/studio/unclaimed", Absent.OWNER)
def unclaimed(reclaim: Reclaim, _: Owner) -> UnclaimedView:
    """Return how many files have no entry in the database, and the progress of adding them again."""
    return reclaim.view()


@operations.add("POST /api/studio/unclaimed", Absent.OWNER, status=202)
def take_back(reclaim: Reclaim, who: Owner) -> UnclaimedView:
    """Start adding unclaimed files to the library again, in the background."""
    return reclaim.start(who)


@operations.add("GET /api/studio/phone", Absent.OWNER)
def phone_address(studio: Studio, _: Owner, request: Request) -> Phone:
    """Return the address of the studio for phones."""
    return phone(studio, request)


@operations.add("GET /api/studio/about", Absent.OWNER)
def about_studio(studio: Studio, _: Owner) -> About:
    """Return the version, the current settings and the changelog."""
    return about(studio.settings, studio.data.root)
