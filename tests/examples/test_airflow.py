"""The example for Airflow, which can't share an environment with the tests: its pins contradict ours.

TRUNKLINE_AIRFLOW names a Python that has apache-airflow and trunkline[postgres]; without it, the DAG is only compiled.
Airflow takes minutes to make its database on a busy machine: ``pytest -o faulthandler_timeout=0`` waits for that.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path

import pytest

from sharded import rows_to_delete
from trunkline import PostgresLedger, SharedJob
from trunkline_emulator import fleet

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTHON = os.environ.get("TRUNKLINE_AIRFLOW", "")
PBXS, ITEMS = 3, 20


@pytest.mark.parametrize("name", ["celery/shards.py", "airflow/trunkline_shards.py"])
def test_an_example_is_short_and_compiles(name: str) -> None:
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    assert len(source.splitlines()) < 80
    imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert "trunkline" in imported
    assert not any("prefect" in (module or "") for module in imported)


@pytest.mark.skipif(not PYTHON, reason="TRUNKLINE_AIRFLOW does not name a Python with Airflow.")
def test_a_run_of_the_dag_does_every_item_once(database_url: str, tmp_path: Path) -> None:
    rows = rows_to_delete(ITEMS)
    items = tmp_path / "faxes.jsonl"
    items.write_text("".join(json.dumps({"Id": row["Id"]}) + "\n" for row in rows))
    with fleet(PBXS, client_id="night", api_key="a-key-for-tests", seed={"Fax": rows}) as tenants:
        profiles = tmp_path / "profiles.toml"
        profiles.touch(mode=0o600)
        profiles.write_text(
            "".join(
                f'[pbx-{n}]\nurl = "{tenant.url}"\nclient_id = "night-{n}"\nclient_secret = "a-key-for-tests-{n}"\n'
                for n, tenant in enumerate(tenants, 1)
            )
        )
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "TRUNKLINE_LEDGER": database_url,
            "TRUNKLINE_PROFILES": str(profiles),
        }

        def airflow(*arguments: str) -> None:
            command = [PYTHON, "-m", "airflow", *arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
            assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]

        airflow("db", "migrate")
        given = {
            "name": "night",
            "action": "fax.delete",
            "parameters": {"Id": "{{ $json.Id }}"},
            "items": str(items),
            "profiles": ["pbx-*"],
        }
        airflow("dags", "test", "trunkline_shards", "--conf", json.dumps(given))
        with PostgresLedger(database_url) as ledger:
            assert SharedJob.open(ledger, "night").summary().counts["done"] == PBXS * ITEMS
        for tenant in tenants:
            deleted = [entry.path for entry in tenant.emulator.journal if entry.method == "DELETE"]
            assert sorted(deleted) == sorted(f"/xapi/v1/Fax({row['Id']})" for row in rows)
