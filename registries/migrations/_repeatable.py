"""Steps that do nothing where they were done: MariaDB keeps what a failed migration did."""

from typing import Any

from django.db import migrations


class AddMissingField(migrations.AddField):
    """Adds a column that is not there yet."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        # A site's routers may keep the app's tables in another database.
        if not self.allow_migrate_model(connection.alias, model):
            return
        with connection.cursor() as cursor:
            table = model._meta.db_table
            columns = connection.introspection.get_table_description(cursor, table)
        if model._meta.get_field(self.name).column not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddMissingIndex(migrations.AddIndex):
    """Adds an index that is not there yet."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        # A site's routers may keep the app's tables in another database.
        if not self.allow_migrate_model(connection.alias, model):
            return
        with connection.cursor() as cursor:
            indexes = connection.introspection.get_constraints(cursor, model._meta.db_table)
        if self.index.name not in indexes:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
