from softswitch.acd.simulation.comparison import groups_of
from softswitch.base.ids import AgentId, QueueId

SALES, SUPPORT, BILLING = QueueId("sales"), QueueId("support"), QueueId("billing")
ANN, BOB, CYD = AgentId("ann"), AgentId("bob"), AgentId("cyd")


def test_queues_without_a_common_agent_are_compared_apart() -> None:
    assert groups_of({ANN: [SALES], BOB: [SUPPORT], CYD: [SALES]}) == [([SUPPORT], [BOB]), ([SALES], [ANN, CYD])]


def test_one_agent_who_serves_both_makes_one_group_of_two() -> None:
    assert groups_of({ANN: [SALES], BOB: [SUPPORT], CYD: [SUPPORT, SALES]}) == [([SALES, SUPPORT], [ANN, BOB, CYD])]


def test_queues_are_together_if_a_chain_of_agents_leads_from_one_to_the_other() -> None:
    served = {ANN: [SALES, SUPPORT], BOB: [SUPPORT, BILLING], CYD: list[QueueId]()}
    assert groups_of(served) == [([BILLING, SALES, SUPPORT], [ANN, BOB])]
