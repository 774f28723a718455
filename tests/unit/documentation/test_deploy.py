"""What is shipped for running the switch names only what there is."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
METRICS = set(re.findall(r"^\| `(softswitch_\w+)`", (ROOT / "docs" / "monitoring.md").read_text(), re.MULTILINE))
HISTOGRAM_SUFFIXES = ("_bucket", "_count", "_sum")


def unknown(text: str) -> set[str]:
    named = {
        next((name.removesuffix(suffix) for suffix in HISTOGRAM_SUFFIXES if name.endswith(suffix)), name)
        for name in re.findall(r"\bsoftswitch_\w+", text)
    }
    return named - METRICS


def test_every_metric_of_the_dashboard_is_there() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "softswitch.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(shown) > 30
    assert unknown("\n".join(shown)) == set()


def test_every_metric_of_the_alerts_is_there() -> None:
    text = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    assert text.count("- alert:") >= 10
    assert unknown(text) == set()


def test_the_unit_starts_what_there_is_and_waits_for_it_to_say_that_it_is_ready() -> None:
    unit = (ROOT / "deploy" / "softswitch.service").read_text()
    assert "Type=notify" in unit
    assert re.search(r"^ExecStart=\S+/softswitch serve /etc/softswitch$", unit, re.MULTILINE)
    assert re.search(r"^WatchdogSec=\d+$", unit, re.MULTILINE)


def test_the_container_copies_what_is_built_from() -> None:
    lines = (ROOT / "deploy" / "Containerfile").read_text().splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert copied
    assert all((ROOT / name).exists() for name in copied)
