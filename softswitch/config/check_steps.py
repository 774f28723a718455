"""What must hold for routing steps, requirements and profiles: each can be read, met by somebody, and ends."""

from softswitch.acd.limits import DELAYS_MAX, PREFERRED_SKILLS_MAX, STEPS_MAX
from softswitch.acd.model import LEVEL_MAX, SITE_SKILL
from softswitch.acd.requirements import asked_skills, from_skills, holds, parse
from softswitch.base.errors import LocalError
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.rows import AgentRow, QueueRow, StepRow
from softswitch.config.toml_lines import KeyPath


def check_steps(draft: Draft) -> None:
    faults = draft.fault_lists["queues.toml"]
    for index, row in draft.queues:
        _check_expression(("queue", index), row, row, draft, faults)
        _check_times(index, row, faults)
        for number, step in enumerate(row.steps):
            _check_expression(("queue", index, "steps", number), step, row, draft, faults)
        _check_preferred(index, row, faults)
    _check_profiles(draft)


def _check_expression(
    path: KeyPath, part: QueueRow | StepRow, queue: QueueRow, draft: Draft, faults: FaultList
) -> None:
    """The requirement of a queue or of one of its steps, and whether any agent meets it."""
    try:
        requirement = parse(part.requirement)
        whole = parse(queue.requirement)
    except LocalError as error:
        if part is queue or _can_be_read(queue.requirement):
            faults.add((*path, "requirement"), str(error), 'Write it as "billing >= 8 and (english or german >= 3)"')
        return
    people = [{**agent.skills, **_site_skill(agent)} for _, agent in draft.agents]
    is_certain = bool(people) and len(people) == len(draft.raw_rows("agents.toml", "agent"))
    if not is_certain or (part is queue and not part.requirement):
        return  # the skills of a queue alone are checked with it
    needed = [requirement, from_skills(part.skills), whole, from_skills(queue.skills)]
    if any(all(holds(each, skills) for each in needed) for skills in people):
        return
    known = {skill for skills in people for skill in skills}
    asked = [*asked_skills(requirement), *part.skills]
    unknown = next((skill for skill in asked if skill not in known), None)
    remedy = "Ask for less, or give the skills to an agent in agents.toml"
    if unknown is not None:
        remedy = did_you_mean(unknown, known, f'No agent has the skill "{unknown}": give it to one in agents.toml')
    key = "requirement" if part.requirement or not part.skills else "skills"
    faults.add((*path, key), "no agent meets it, so nobody could answer", remedy)


def _site_skill(agent: AgentRow) -> dict[str, int]:
    return {SITE_SKILL + agent.site: LEVEL_MAX} if agent.site else {}


def _can_be_read(requirement: str) -> bool:
    try:
        parse(requirement)
    except LocalError:
        return False
    return True


def _check_times(index: int, row: QueueRow, faults: FaultList) -> None:
    if len(row.steps) > STEPS_MAX:
        faults.add(("queue", index, "steps"), f"there are {len(row.steps)} steps", f"Write {STEPS_MAX} at most")
    for number, step in enumerate(row.steps):
        path = ("queue", index, "steps", number)
        if number == len(row.steps) - 1:
            if step.for_s is not None:
                faults.add((*path, "for_s"), "nothing comes after the last step", "Leave it out, or add a step")
            if step.skip_if is not None:
                faults.add((*path, "skip_if"), "nothing comes after the last step", "Leave it out, or add a step")
        elif step.for_s is None:
            faults.add((*path, "for_s"), "it is missing, so the next step would never open", "Add it: for_s = 20")


def _check_preferred(index: int, row: QueueRow, faults: FaultList) -> None:
    for path, part in [
        (("queue", index, "preferred"), row),
        *((("queue", index, "steps", number, "preferred"), step) for number, step in enumerate(row.steps)),
    ]:
        if len({**row.preferred, **part.preferred}) > PREFERRED_SKILLS_MAX:
            reason = f"the queue and this step together prefer more than {PREFERRED_SKILLS_MAX} skills"
            faults.add(path, reason, "Keep those that matter")


def _check_profiles(draft: Draft) -> None:
    faults = draft.fault_lists["agents.toml"]
    ids = draft.names("queues.toml", "queue")
    delays: dict[str, set[float]] = {}
    for index, agent in draft.agents:
        for name, serving in agent.profile.items():
            path = ("agent", index, "profile", name)
            if ids is not None and name not in ids:
                remedy = did_you_mean(name, ids, "Add it to queues.toml, or remove it here")
                faults.add(path, f'there is no queue "{name}"', remedy)
            elif agent.queues is not None and name not in agent.queues:
                faults.add(path, f'the agent does not serve "{name}"', "Add it to queues of this agent, or remove it")
            if serving.delay_s > 0:
                different = delays.setdefault(name, set())
                different.add(serving.delay_s)
                if len(different) > DELAYS_MAX:
                    reason = f'the agents of "{name}" have more than {DELAYS_MAX} different delays'
                    faults.add((*path, "delay_s"), reason, "Give several agents the same")
