"""Alembic migrations of the catalogue: `upgrade`, `require_current` and the check that tables equal migrations.

A shipped revision is never edited. Doors call `upgrade` on first start and `require_current` before opening.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "m0016"


def current(catalogue: Path) -> str | None:
    """The revision of an existing catalogue, read without Alembic; None = no catalogue or no tables."""
    from dam.catalogue import sqlite

    if not catalogue.exists():
        return None
    connection = sqlite.connect(catalogue)
    try:
        row = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        ).fetchone()
        if not row[0]:
            return None
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else None
    finally:
        connection.close()


def require_current(catalogue: Path) -> None:
    """Raises MigrationError unless the catalogue is at HEAD, saying what to run."""
    from dam.errors import MigrationError

    found = current(catalogue)
    if found is None:
        raise MigrationError(
            f"No library at {catalogue.parent}.",
            next_step="Create one with: dam init (or dam up PATH).",
            code="library.none",
        )
    if found != HEAD:
        raise MigrationError(
            f"The library at {catalogue.parent} has tables of revision {found}, this program needs {HEAD}.",
            next_step="Older tables: run dam migrate. Newer tables: upgrade Headwater.",
        )


def upgrade(catalogue: Path) -> None:
    """Bring a catalogue to HEAD, creating it if need be."""
    from alembic import command

    catalogue.parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_config(catalogue), "head")


def downgrade(catalogue: Path, revision: str) -> None:
    """Take a catalogue back to an older revision; what only newer tables hold is lost. For tests and for those who must."""
    from alembic import command

    command.downgrade(_config(catalogue), revision)


def _config(catalogue: Path) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "dam_migrations:.")
    config.attributes["catalogue"] = catalogue
    return config
