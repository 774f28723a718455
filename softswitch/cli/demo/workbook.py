"""The performance as a workbook: the summary of the screen, and the reports anybody's switch makes."""

import os
import time
from pathlib import Path

from softswitch.cli.demo.verdict import Figures
from softswitch.cli.report import local_zone
from softswitch.reports.formats.as_xlsx import write_xlsx
from softswitch.reports.runtime.making import make_report
from softswitch.reports.tables import Column, Report, Table, Value
from softswitch.reports.terms import Terms
from softswitch.store import open_reader

FILE = "report.xlsx"
REPORTS = ("service_level", "agent_performance", "agent_sessions", "abandoned", "waits", "surveys", "calls")
INTERVAL_MIN = 15
BEFORE_S = 3600.0
"""More than enough: nothing was in the store before the performance."""
FORMULAS = {
    "offered": "callers who asked for an agent, each once, whatever queues he passed",
    "answered": "of these, those an agent talked to",
    "abandoned": "of these, those who hung up while they waited",
    "turned_away": "offered - answered - abandoned: the queue was full, or they had waited too long",
    "service_level": "answered within T / (offered - abandoned within T)",
    "average_speed_of_answer_s": "waits in queues of the answered / answered",
    "recordings": "files with conversations",
    "failed_calls": "calls that did not go as they should",
    "calls": "call records",
    "survey_answers": "scores given by callers",
    "survey_average": "sum of the scores / scores given",
}


def write_workbook(figures: Figures, directory: Path) -> str:
    """Returns its path, as short as can be typed. Raises StartError and OSError."""
    now = time.time()
    terms = Terms(since=now - figures.duration_s - BEFORE_S, until=now, zone=local_zone(), interval_min=INTERVAL_MIN)
    with open_reader(str(directory / "store")) as store:
        reports = [make_report(store, name, terms, now, is_running=False) for name in REPORTS]
    path = directory / FILE
    with path.open("wb") as file:
        write_xlsx([_summary(figures, terms, now), *reports], file)
    where = os.path.relpath(path)
    return str(path) if where.startswith("..") else where


def _summary(figures: Figures, terms: Terms, now: float) -> Report:
    rows: list[tuple[Value, ...]] = [(name, getattr(figures, name), text) for name, text in FORMULAS.items()]
    table = Table(
        name="figures",
        title="The figures of the screen",
        columns=(
            Column(name="figure", title="Figure", kind="text", formula="its name"),
            Column(name="value", title="Value", kind="number", formula="levels are parts of 1, times are seconds"),
            Column(name="formula", title="Formula", kind="text", formula="how it is computed"),
        ),
        rows=rows,
    )
    return Report(
        name="summary",
        title="A minute of a call centre",
        since=terms.since,
        until=terms.until,
        zone=terms.zone,
        made_at=now,
        tables=(table,),
    )
