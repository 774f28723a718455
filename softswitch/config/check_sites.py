"""What must hold for sites: agents sit at one there is, and the callers of a region belong to one only."""

from softswitch.config.conversion import did_you_mean
from softswitch.config.draft import Draft


def check_sites(draft: Draft) -> None:
    faults = draft.fault_lists["agents.toml"]
    ids, regions = draft.names("agents.toml", "site") or set(), draft.names("callers.toml", "region")
    seen: set[str] = set()
    taken: dict[str, str] = {}
    for index, row in draft.sites:
        if row.id in seen:
            faults.add(("site", index, "id"), f'there is a site "{row.id}" already', "Give every site its own id")
        seen.add(row.id)
        for position, region in enumerate(row.regions):
            path = ("site", index, "regions", position)
            if regions is not None and region not in regions:
                remedy = did_you_mean(region, regions, "Add it to callers.toml, or remove it here")
                faults.add(path, f'there is no region "{region}"', remedy)
            elif taken.setdefault(region, row.id) != row.id:
                reason = f'"{region}" belongs to the site "{taken[region]}" already'
                faults.add(path, reason, "Its callers come first to the agents of one site: remove it here or there")
    for index, agent in draft.agents:
        if agent.site and agent.site not in ids:
            remedy = did_you_mean(agent.site, ids, f'Add a [[site]] with id = "{agent.site}", or remove it here')
            faults.add(("agent", index, "site"), f'there is no site "{agent.site}"', remedy)
    for index, queue in draft.queues:
        if queue.prefer_site and not any("regions" in row for row in draft.raw_rows("agents.toml", "site")):
            reason = "no site has regions, so no caller would belong to one"
            remedy = 'Add regions = ["moscow"] to a [[site]] in agents.toml, or remove this'
            draft.fault_lists["queues.toml"].add(("queue", index, "prefer_site"), reason, remedy)
