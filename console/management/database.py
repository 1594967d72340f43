"""The database for commands that come before the first start: made, or brought to this version, where it is needed.

*Not here*: the rest of a data directory (commands/prepare.py).
"""

from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def ready() -> None:
    """Let the tables be there; CommandError if they cannot be."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise CommandError(f"The database {connection.settings_dict['NAME']} cannot be opened: {error}.") from error
