"""A caller as the router is told of him when he joins a queue."""

from softswitch.acd.inputs import ContactQueued
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.calls.boosts import customer_of
from softswitch.calls.projects import foreign_project
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import QueueTreatment


def newcomer(
    call: ActiveCall, queue: str, wishes: QueueWishes, treatment: QueueTreatment, queued_at: float
) -> ContactQueued:
    """With what his flow wishes, and what is known of him; he waits since `queued_at` (monotonic seconds)."""
    settings, record = call.around.settings(), call.record
    boost_s = call.around.lists.boost_s(queue, calling_number=record.calling_number, called_number=record.called_number)
    site = wishes.site
    if not site and treatment.prefers_site:
        region = settings.regions.find(record.calling_number, settings.habits)
        site = settings.site_of_region.get(region, "")
    return ContactQueued(
        ContactId(call.call_id),
        QueueId(queue),
        boost_s=wishes.boost_s + boost_s,
        skills=wishes.skills,
        requirement=wishes.requirement,
        preferred_agent=AgentId(wishes.preferred_agent) if wishes.preferred_agent else None,
        preferred_for_s=wishes.preferred_for_s,
        enqueued_at=queued_at,
        customer=customer_of(record.calling_number, settings.habits),
        caller=record.calling_number,
        called=record.called_number,
        site=site,
        project=foreign_project(record.project, treatment.project),
    )
