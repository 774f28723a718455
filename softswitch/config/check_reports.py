"""What must hold for reports that are mailed: they exist, can be told, come at a time, and go to somebody."""

from softswitch.calls.conferences.times import is_timezone
from softswitch.config.addresses import is_mail_address
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.project_rows import ProjectRow
from softswitch.config.report_rows import ReportRow
from softswitch.config.toml_lines import KeyPath

FILE = "reports.toml"


def check_reports(draft: Draft) -> None:
    if not draft.reports:
        return  # a switch without them need not know what reports there are
    faults = draft.fault_lists[FILE]
    projects = {row.id: row for _, row in draft.projects}
    seen: set[str] = set()
    for index, row in draft.reports:
        path: KeyPath = ("report", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a report "{row.id}" already', "Give every report its own id")
        seen.add(row.id)
        known = draft.names("projects.toml", "project")
        if row.project and known is not None and row.project not in known:
            remedy = did_you_mean(row.project, known, "Write an id of projects.toml")
            faults.add((*path, "project"), f'there is no project "{row.project}"', remedy)
        _check_time(row, path, faults)
        _check_kind(row, path, faults)
        _check_recipients(row, projects.get(row.project), path, faults)
    if not draft.settings.mail.server:
        reason = "no mail is sent, for [mail] names no server"
        faults.add(("report", 0, "when"), reason, "Write `server` and `sender` in [mail] of softswitch.toml")


def _check_time(row: ReportRow, path: KeyPath, faults: FaultList) -> None:
    from softswitch.reports.schedule import read_report_time

    if read_report_time(row.when, "UTC") is None:
        remedy = 'Write "daily 07:00", a day and a time ("mon 07:00"), or "monthly 1 07:00" with a day up to 28'
        faults.add((*path, "when"), f'"{row.when}" is no time', remedy)
    if row.timezone and not is_timezone(row.timezone):
        remedy = 'Write for example "Europe/Moscow" or "UTC"'
        faults.add((*path, "timezone"), f'there is no time zone "{row.timezone}"', remedy)


def _check_kind(row: ReportRow, path: KeyPath, faults: FaultList) -> None:
    from softswitch.reports.catalogue import BY_NAME, find_report
    from softswitch.reports.terms import ReportRefused, Terms

    if row.report not in BY_NAME:
        remedy = did_you_mean(row.report, BY_NAME, "Write a name of `softswitch report list`")
        faults.add((*path, "report"), f'there is no report "{row.report}"', remedy)
        return
    try:
        find_report(row.report, Terms(since=0, until=1, project=row.project, queue=row.queue, agent=row.agent))
    except ReportRefused as refused:
        faults.add((*path, "report"), str(refused), "Take the filter away, or choose another report")


def _check_recipients(row: ReportRow, project: ProjectRow | None, path: KeyPath, faults: FaultList) -> None:
    for position, address in enumerate(row.to):
        if not is_mail_address(address):
            reason = f'"{address}" is no e-mail address'
            faults.add((*path, "to", position), reason, 'Write "office@acme.example"')
    if not row.to and (project is None or not project.contact):
        remedy = 'Write to = ["office@acme.example"], or `contact` of the project'
        faults.add((*path, "to"), "nobody is there to send it to", remedy)
