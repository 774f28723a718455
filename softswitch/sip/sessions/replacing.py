"""Which leg of ours a Replaces means (RFC 3891 section 3).

| the dialog it names                                   | found                                          |
|-------------------------------------------------------|------------------------------------------------|
| is a session that goes on                             | its leg; 486 if only an early one was meant    |
| is a session that is being ended                      | 603                                            |
| is early, and we have called (a phone of ours rings)  | its leg                                        |
| is early, and we were called                          | 481, but for a REFER its leg: the one who      |
|                                                       | refers may stop calling in favour of another   |
| is none of ours                                       | 481                                            |

Who may replace what is not judged here: the owner of the calls knows whose legs they are.
"""

from softswitch.base.ids import LegId
from softswitch.sip.core import SipCore
from softswitch.sip.messages.replaces import Replaces

NOT_FOUND = 481
ANSWERED_ALREADY = 486
OVER_ALREADY = 603


def find_replaced(core: SipCore, replaces: Replaces, *, is_refer: bool = False) -> LegId | int:
    """The leg, or the status to refuse with. A phone that names the tags the wrong way round is understood."""
    call_id = replaces.call_id
    for local_tag, remote_tag in (
        (replaces.to_tag, replaces.from_tag),
        (replaces.from_tag, replaces.to_tag),
    ):
        user = core.dialogs.get((call_id, local_tag, remote_tag))
        if user is None:
            continue
        leg = core.legs.get(user.leg_id)
        if leg is None:
            return OVER_ALREADY
        if leg.is_answered:
            return ANSWERED_ALREADY if replaces.is_early_only else leg.leg_id
        return leg.leg_id if is_refer else NOT_FOUND
    tags = {replaces.to_tag, replaces.from_tag}
    # A phone that rings is looked for leg by leg: it is done once in a while, and costs other calls nothing.
    early = (leg_id for leg_id, leg in core.legs.items() if leg.has_early_dialog(call_id, tags))
    return next(early, NOT_FOUND)
