"""What must hold for [warehouse]: that there is something to reach the database with."""

from importlib.util import find_spec

from softswitch.config.draft import Draft


def check_warehouse(draft: Draft) -> None:
    dsn, faults = draft.settings.warehouse.dsn, draft.fault_lists["softswitch.toml"]
    if not dsn:
        return
    path = ("warehouse", "dsn")
    if "=" not in dsn and "://" not in dsn:
        remedy = 'Write "host=db.example.com dbname=calls user=switch", or "postgresql://switch@db.example.com/calls"'
        faults.add(path, "this names no database", remedy)
    elif find_spec("psycopg") is None:
        remedy = 'pip install "softswitch[postgresql]", or remove the line'
        faults.add(path, "psycopg, which speaks to PostgreSQL, is not installed", remedy)
