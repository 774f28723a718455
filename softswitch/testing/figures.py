"""An hour's figures of a queue and an agent, and a contact that waits, with fixed contents."""

from softswitch.acd.explanation import AgentVerdict, ContactExplanation, NextThing
from softswitch.acd.model import Channel, ContactState
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import AgentId, ContactId, QueueId


def an_hour(from_wall: float) -> Interval:
    queue = QueueTally(
        queue_id=QueueId("support"),
        project="acme",
        offered=101,
        answered=85,
        answered_within=70,
        abandoned=15,
        abandoned_within=10,
        abandoned_short=5,
        answered_wait_s=850.0,
        wait_s=1000.0,
        longest_wait_s=95.0,
        reservations=90,
        no_answers=9,
        handled=80,
        talk_s=8000.0,
        hold_s=800.0,
        wrap_up_s=1600.0,
        transfers=8,
    )
    agent = AgentTally(
        agent_id=AgentId("anna"),
        logins=1,
        ready_s=900.0,
        contact_s=2400.0,
        wrap_up_s=300.0,
        not_ready_s=600.0,
        reasons_s={"lunch": 600.0},
        reservations=20,
        answered=18,
        no_answers=2,
        handled=18,
        talk_s=2200.0,
        hold_s=200.0,
    )
    return Interval(from_wall, from_wall + 3600, [queue], [agent])


def waiting_contact() -> ContactExplanation:
    return ContactExplanation(
        contact_id=ContactId("c2"),
        queue_id=QueueId("support"),
        channel=Channel.VOICE,
        state=ContactState.WAITING,
        waited_s=20.5,
        in_queue_s=20.5,
        boost_s=60.0,
        counts_as_s=80.5,
        position=4,
        waiting=9,
        ahead_older=2,
        ahead_boosted=1,
        step=2,
        steps=3,
        requires="billing >= 5",
        prefers="moscow",
        agent_id=None,
        next=[NextThing("more agents may serve it: the next step, or an agent's delay is over", 19.5)],
        verdicts={"on_contact": 1, "not_ready": 1},
        agents=[
            AgentVerdict(
                agent_id=AgentId("anna"),
                name="Anna Petrova",
                verdict="on_contact",
                why="talks to another contact",
                since_s=83.0,
            ),
            AgentVerdict(
                agent_id=AgentId("boris"), name="Boris", verdict="not_ready", why="is not ready: lunch", since_s=3725.0
            ),
        ],
    )
