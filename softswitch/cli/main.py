"""The `softswitch` command: the list of its subcommands."""

import io
import sys

import click

from softswitch import __version__
from softswitch.cli.directory import PROJECT
from softswitch.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "serve": LazyCommand("softswitch.cli.serve", "serve", "Run the switch of a configuration directory."),
    "demo": LazyCommand("softswitch.cli.demo", "demo", "Play a minute of a call centre on this machine."),
    "init": LazyCommand("softswitch.cli.init", "init", "Write a commented configuration to start from."),
    "check": LazyCommand("softswitch.cli.check", "check", "Say everything that is wrong with a configuration."),
    "doctor": LazyCommand(
        "softswitch.cli.doctor", "doctor", "Examine this machine for the switch, and say what to do."
    ),
    "config": LazyCommand("softswitch.cli.config", "config", "The configuration as the switch understands it."),
    "backup": LazyCommand(
        "softswitch.cli.backup", "backup", "Copy store, messages and configuration while the switch runs."
    ),
    "restore": LazyCommand(
        "softswitch.cli.backup", "restore", "Put a backup in the place of what is there; no switch may run."
    ),
    "migrate": LazyCommand(
        "softswitch.cli.backup", "migrate", "Bring the store of an older version to this one's schema."
    ),
    "completion": LazyCommand("softswitch.cli.completion", "completion", "What a shell needs to complete commands."),
    "reload": LazyCommand("softswitch.cli.reload", "reload", "Take over a changed configuration, or not at all."),
    "upgrade": LazyCommand(
        "softswitch.cli.upgrade", "upgrade", "Put another version in the place of the running one; calls go on."
    ),
    "status": LazyCommand("softswitch.cli.status", "status", "The switch as a whole."),
    "metrics": LazyCommand("softswitch.cli.metrics", "metrics", "What is counted and measured, for Prometheus."),
    "calls": LazyCommand("softswitch.cli.calls", "calls", "Calls in progress."),
    "trace": LazyCommand("softswitch.cli.trace", "trace", "SIP messages as they come and go, live."),
    "events": LazyCommand(
        "softswitch.cli.events", "events", "What happened in the switch, for people and programs, the oldest first."
    ),
    "webhooks": LazyCommand(
        "softswitch.cli.webhooks", "webhooks", "Where events are sent, and what could not be delivered."
    ),
    "agents": LazyCommand("softswitch.cli.agents", "agents", "Agents and what they are doing."),
    "contacts": LazyCommand("softswitch.cli.contacts", "contacts", "Contacts: who waits, and who has whom."),
    "projects": LazyCommand(
        "softswitch.cli.projects", "projects", "Client companies: calls now, limits, queues, agents."
    ),
    "queues": LazyCommand("softswitch.cli.queues", "queues", "Queues: who waits, who answers, how quickly."),
    "conferences": LazyCommand("softswitch.cli.conferences", "conferences", "Conference rooms and who is in them."),
    "sites": LazyCommand("softswitch.cli.sites", "sites", "Where agents sit, and how many calls there are."),
    "callbacks": LazyCommand(
        "softswitch.cli.callbacks", "callbacks", "Call-backs that were promised, who has waited longest first."
    ),
    "lists": LazyCommand("softswitch.cli.lists", "lists", "Lists of callers, and how many numbers are in them."),
    "lookups": LazyCommand("softswitch.cli.lookups", "lookups", "Services outside that flows ask, and how they do."),
    "registrations": LazyCommand("softswitch.cli.registrations", "registrations", "Phones that are registered."),
    "phones": LazyCommand("softswitch.cli.phones", "phones", "Extensions and what their owners have chosen."),
    "limits": LazyCommand("softswitch.cli.limits", "limits", "What calls to the outside have used today."),
    "bans": LazyCommand("softswitch.cli.bans", "bans", "Addresses that are not listened to."),
    "subscriptions": LazyCommand("softswitch.cli.subscriptions", "subscriptions", "Who watches whom."),
    "voicemail": LazyCommand("softswitch.cli.voicemail", "voicemail", "Voicemail boxes and how full they are."),
    "mails": LazyCommand("softswitch.cli.voicemail", "mails", "Mail that is not sent yet, and why."),
    "mailboxes": LazyCommand("softswitch.cli.mailboxes", "mailboxes", "Voice messages that wait."),
    "trunks": LazyCommand("softswitch.cli.trunks", "trunks", "Providers: alive, registered, how full."),
    "users": LazyCommand("softswitch.cli.users", "users", "Who may use the HTTP API: people and keys."),
    "audit": LazyCommand("softswitch.cli.audit", "audit", "Who did what through the HTTP API, the newest first."),
    "media": LazyCommand("softswitch.cli.media", "media", "Media workers and what they carry."),
    "cdr": LazyCommand("softswitch.cli.cdr", "cdr", "Call detail records, the newest first."),
    "report": LazyCommand("softswitch.cli.report", "report", "Reports of calls, queues, agents and trunks."),
    "bill": LazyCommand("softswitch.cli.bill", "bill", "A client company's bill for a month."),
    "rate": LazyCommand("softswitch.cli.bill", "rate", "Why a call costs what it does."),
    "simulate": LazyCommand("softswitch.cli.simulate", "simulate", "A day in the queues, before it happens."),
    "recordings": LazyCommand("softswitch.cli.recordings", "recordings", "Recorded calls, the newest first."),
}


@click.group(cls=LazyGroup, lazy_commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="softswitch %(version)s")
@click.option(
    "--project",
    metavar="ID",
    envvar="SOFTSWITCH_PROJECT",
    show_envvar=True,
    default="",
    help="See and do only what is this client company's.",
)
@click.pass_context
def main(ctx: click.Context, project: str) -> None:
    """A softswitch for call centres.

    Start with `softswitch demo`, or with `softswitch init DIRECTORY` and `softswitch serve DIRECTORY`.
    """
    ctx.meta[PROJECT] = project
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Cyrillic or "▪" shows a question mark
