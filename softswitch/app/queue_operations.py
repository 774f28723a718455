"""What the control socket can ask about queues, and order."""

from softswitch.acd.summaries import QueueSummary
from softswitch.app.parts import Parts
from softswitch.calls.settings import CallSettings
from softswitch.control.protocol.replies import QueueSet, Refused
from softswitch.control.protocol.requests import SetQueue
from softswitch.control.protocol.rows import HookFigures, QueueRow


def set_queue(parts: Parts, order: SetQueue) -> QueueSet | Refused:
    """Close a queue, or open it again as its hours say."""
    if order.queue_id not in parts.settings.queues:
        return Refused("not_found", f'there is no queue "{order.queue_id}": see `softswitch queues`')
    if order.action == "close":
        parts.queue_hours.close(order.queue_id, order.reason, order.waiting, order.by)
    elif not parts.queue_hours.open(order.queue_id, order.by):
        return Refused("not_possible", f"nobody has closed {order.queue_id}: it is open when its hours say so")
    summary = next(each for each in parts.acd.queue_summaries() if each.queue_id == order.queue_id)
    return QueueSet(queue_row(summary, parts.settings))


def queue_row(summary: QueueSummary, settings: CallSettings) -> QueueRow:
    treatment = settings.queues.get(summary.queue_id)
    return QueueRow(
        queue_id=summary.queue_id,
        name=summary.name,
        waiting=summary.waiting,
        longest_wait_s=summary.longest_wait_s,
        agents_ready=summary.agents_ready - summary.agents_held_back,
        agents_busy=summary.agents_busy,
        agents_logged_in=summary.agents_logged_in,
        offered=summary.offered,
        answered=summary.answered,
        abandoned=summary.abandoned,
        overflowed=summary.overflowed,
        service_level=summary.service_level,
        average_speed_of_answer_s=summary.average_speed_of_answer_s,
        is_open=summary.is_open,
        closed_for=summary.closed_for,
        estimate_error_s=summary.estimate_error_s,
        estimate_bias_s=summary.estimate_bias_s,
        is_rescued=summary.is_rescued,
        recent_service_level=summary.recent_service_level,
        hook=_hook_figures(summary) if summary.has_hook else None,
        project="" if treatment is None else treatment.project,
    )


def _hook_figures(summary: QueueSummary) -> HookFigures:
    return HookFigures(
        accepted=summary.hook_accepted,
        chosen=summary.hook_chosen,
        vetoed=summary.hook_vetoed,
        impossible=summary.hook_impossible,
        late=summary.hook_late,
        failed=summary.hook_failed,
        skipped=summary.hook_skipped,
        mean_ms=None if summary.hook_mean_s is None else summary.hook_mean_s * 1000,
        longest_ms=None if summary.hook_longest_s is None else summary.hook_longest_s * 1000,
    )
