"""What each agent has done since he logged in."""

import numpy as np

from softswitch.acd.doing import ABSENT, IN_USE
from softswitch.acd.model import AgentState
from softswitch.acd.workload import Workload
from softswitch.base.ids import AgentId

EVERYBODY = np.array([0, 1, 2, 3], np.intp)


def test_time_at_work_and_idle_time_are_kept_apart_and_a_login_begins_anew() -> None:
    workload = Workload(1)
    workload.count_state(0, AgentState.READY, AgentState.RESERVED, 10.0)
    workload.count_state(0, AgentState.RESERVED, AgentState.BUSY, 2.0)
    workload.count_state(0, AgentState.BUSY, AgentState.WRAP_UP, 30.0)
    workload.count_state(0, AgentState.WRAP_UP, AgentState.NOT_READY, 5.0)
    workload.count_state(0, AgentState.NOT_READY, AgentState.LOGGED_OUT, 500.0)
    workload.contacts[0] = 7
    assert (workload.idle_s[0], workload.busy_s[0]) == (10.0, 37.0)
    workload.count_state(0, AgentState.LOGGED_OUT, AgentState.READY, 1000.0)
    assert (workload.contacts[0], workload.idle_s[0], workload.busy_s[0]) == (0.0, 0.0, 0.0)


def test_a_newcomer_counts_as_the_average_of_those_present() -> None:
    workload = Workload(4)
    workload.contacts[:] = (10, 20, 1000, 0)
    workload.count_state(3, AgentState.LOGGED_OUT, AgentState.READY, 1.0)
    doing = np.array([IN_USE, 0, ABSENT, 0], np.uint16)
    workload.welcome(EVERYBODY, doing)
    assert workload.contacts.tolist() == [10, 20, 1000, 15]
    workload.contacts[0] = 100
    workload.welcome(EVERYBODY, doing)
    assert workload.contacts[3] == 15, "welcomed once"


def test_back_from_a_break_one_has_not_fewer_than_the_others_but_may_have_more() -> None:
    workload = Workload(4)
    workload.contacts[:] = (10, 20, 2, 40)
    for row in (2, 3):
        workload.count_state(row, AgentState.NOT_READY, AgentState.READY, 3600.0)
    workload.welcome(EVERYBODY, np.zeros(4, np.uint16))
    assert workload.contacts.tolist() == [10, 20, 15, 40]


def test_the_first_of_the_day_begin_at_nothing() -> None:
    workload = Workload(4)
    for row in range(4):
        workload.count_state(row, AgentState.LOGGED_OUT, AgentState.READY, 1.0)
    workload.welcome(EVERYBODY, np.zeros(4, np.uint16))
    assert workload.contacts.tolist() == [0, 0, 0, 0]
    assert not workload.is_newcomer.any()


def test_a_new_configuration_keeps_what_is_known_of_those_who_stay() -> None:
    former = Workload(2)
    former.contacts[:], former.busy_s[:], former.idle_s[:] = (1, 2), (3, 4), (5, 6)
    former.is_newcomer[1] = True
    workload = Workload(2)
    ann, bob, cyd = (AgentId(name) for name in ("ann", "bob", "cyd"))
    workload.take_over(former, {ann: 0, bob: 1}, [bob, cyd])
    assert workload.contacts.tolist() == [2, 0]
    assert (workload.busy_s[0], workload.idle_s[0]) == (4, 6)
    assert workload.is_newcomer.tolist() == [True, False]
