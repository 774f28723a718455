"""The SQL of the copy, as text: every column has a type, and each table is replaced by its key."""

import pytest

from softswitch.records.rows import CallRow
from softswitch.records.warehouse.statements import KINDS, create_staging, create_tables, merge_staging


@pytest.mark.parametrize(("name", "columns"), [(name, kind.__struct_fields__) for name, kind, _ in KINDS])
def test_every_column_is_in_table_and_staging(name: str, columns: tuple[str, ...]) -> None:
    added = next(text for text in create_tables("crm_") if text.startswith(f"ALTER TABLE crm_{name} "))
    staging = next(text for text in create_staging("crm_") if f"crm_{name}_staging" in text)
    for column in columns:
        assert f"ADD COLUMN IF NOT EXISTS {column} " in added
        assert f"{column} " in staging
    assert "started_at timestamptz" in create_staging("crm_")[0]


def test_a_call_that_is_there_is_replaced_with_its_legs_and_contacts() -> None:
    calls, *others = merge_staging("")
    assert "ON CONFLICT (call_id) DO UPDATE SET chain_id = EXCLUDED.chain_id" in calls
    assert calls.count("EXCLUDED.") == len(CallRow.__struct_fields__) - 1
    assert [text.split()[0] for text in others] == ["DELETE", "INSERT", "DELETE", "INSERT"]
