"""A contest: callers type the code from their pack, each code counts once, and winners are told at once.

In numbers.toml:

    [[route]]
    number = "+18005550122"
    flow = "contest"

In callers.toml the list of codes, and two that are filled by the calls:

    [[list]]
    id = "contest-codes"
    file = "codes.csv"              # one code of digits a line; after a comma the prize, if it has won one

    [[list]]
    id = "contest-used"

    [[list]]
    id = "contest-guesses"

A code is used once, whatever happens afterwards, also over restarts: `softswitch lists show contest-used` has codes,
times and the calls' ids; the records of those calls have the tags "code" and "prize" beside the caller's number.

Codes that another system knows are asked for there, with LOOKUP the id of a lookup (lookups.toml) whose URL has
{code}: it answers 200 with {"prize": "..."} (empty: none) for a code that there is, and 404 for others.
"""

from softswitch.dialplan import Call, flow, spoken

CODES = "contest-codes"
USED = "contest-used"
GUESSES = "contest-guesses"
LOOKUP = ""
"""Empty: the codes are those of the list."""
CODE_DIGITS = 8
TRIES = 3
"""In one call."""
WRONG_MAX = 6
"""Of one caller, until he has not guessed for WRONG_S."""
WRONG_S = 86_400.0


@flow
async def contest(call: Call) -> None:
    await call.play("contest/welcome")
    if not call.calling_number:
        # Who could call as often as he likes, unknown, would try all codes there are.
        await call.play("contest/show-number", "greeting/goodbye")
        return
    for _ in range(TRIES):
        if wrong_codes(call) >= WRONG_MAX:
            await call.play("contest/too-often")
            break
        typed = await call.gather("contest/enter-code", maximum=CODE_DIGITS, timeout_s=10.0, between_s=5.0)
        if typed.digits and await take_part(call, typed.digits):
            break
    await call.play("greeting/goodbye")


async def take_part(call: Call, code: str) -> bool:
    """Whether the code is good and counts for this caller; otherwise he has been told why not."""
    prize = await prize_of(call, code)
    if prize is None:
        await call.enlist(GUESSES, note=str(wrong_codes(call) + 1), for_s=WRONG_S)
        await call.play("contest/wrong-code")
        return False
    # Nothing is awaited between these two, so that of two callers with one code only one has it.
    if call.listed(USED, code):
        await call.play("contest/used-code")
        return False
    if not await call.enlist(USED, code, note=call.id):
        await call.play("fault/technical")
        return True
    call.tag("code", code)
    call.tag("prize", prize)
    if prize:
        await call.play("contest/won", spoken.text(prize))
    else:
        await call.play("contest/no-prize")
    return True


async def prize_of(call: Call, code: str) -> str | None:
    """ "": it has won nothing; None: there is no such code."""
    if LOOKUP:
        answer = await call.look_up(LOOKUP, code=code)
        return answer.text("prize") if answer.is_found else None
    listed = call.listed(CODES, code) if len(code) == CODE_DIGITS else None
    return None if listed is None else listed.note


def wrong_codes(call: Call) -> int:
    """How many the caller has typed lately."""
    listed = call.listed(GUESSES)
    return int(listed.note) if listed is not None and listed.note.isdecimal() else 0
