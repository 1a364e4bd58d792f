from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from models.database import database
from models.migrate import alembic_config, migrate


def test_the_migrated_schema_is_the_models_schema(db):
    with database().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrations_go_down_and_up_again(db):
    with database().begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    migrate(database())
    migrate(database())
