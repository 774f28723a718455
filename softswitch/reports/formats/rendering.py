"""A report in the format somebody wants."""

from typing import IO, Literal

from softswitch.reports.formats.as_csv import as_csv
from softswitch.reports.formats.as_json import as_json
from softswitch.reports.tables import Report

FileFormat = Literal["csv", "json", "xlsx"]
MEDIA_TYPES: dict[FileFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def render(report: Report, file_format: FileFormat, out: IO[bytes]) -> None:
    match file_format:
        case "csv":
            out.write(as_csv(report))
        case "json":
            out.write(as_json(report))
        case "xlsx":
            from softswitch.reports.formats.as_xlsx import write_xlsx  # 60 ms that the others never need

            write_xlsx([report], out)
