"""Where everything is kept: tables, sessions and migrations, on SQLite and PostgreSQL."""
