"""A secretary for people who have none: answers in their name, puts through what matters, takes messages for the rest.

One flow serves many clients; each is a project (docs/projects.md) with a number of its own. In numbers.toml:

    [[route]]
    number = "+18005550144"
    flow = "virtual_secretary"
    project = "acme"

The client is greeted for by sounds/acme/en/greeting/welcome.wav, or by `"acme/greeting/welcome" = "Good day, Acme."`
in prompts.toml. What matters is what one of these rules says:

* the caller is in the client's list of important people, the list "acme.important" of callers.toml;
* the client's CRM says so: with LOOKUP, the id of a lookup that answers {"important": true};
* it is within the client's hours (`hours` of the project), and the caller presses 1 because it is urgent.

Such a caller says who he is and is connected with the client's mobiles, the group "acme.mobile" of agents.toml. Whoever
answers there hears for whom the call is and what the caller has said, and takes it with 1 or leaves it with 2. Calls to
the outside are made by the right of the phone "acme.line", which needs no telephone, and within its limits:

    [[phone]]
    id = "acme.line"
    password = "..."
    project = "acme"
    toll = {allow = ["+1800"], calls_max = 2, minutes_per_day = 120}

    [[group]]
    id = "acme.mobile"
    members = ["+18005550155", "+18005550156"]
    strategy = "serial"

and trunks.toml lets it call (`permitted_callers = ["acme.line"]`). All others leave a message in the box
"acme.secretary" of voicemail.toml, whose `email` brings it to the client. Who is in the list "acme.unwanted" is
refused. Both lists must be there, and may be empty. The tag "secretary" of the call's record says what was done: put
through, not reached, message, refused. A list of all calls is mailed to the client at the times that `digest` of the
project says.
"""

from softswitch.base.errors import LocalError
from softswitch.dialplan import Call, Said, flow, spoken

IMPORTANT = "important"
UNWANTED = "unwanted"
LOOKUP = ""
"""Empty: nothing is looked up."""
BOX = "secretary"
MOBILE = "mobile"
LINE = "line"
RING_S = 40.0
"""A mobile's own voicemail answers sooner or later; it presses nothing and is not connected."""
NAME_S = 10.0
"""How long a caller may speak to say who he is."""
SHORTEST_NAME_S = 0.5
MESSAGE_S = 180.0
"""Where there is no box."""
URGENT, MESSAGE = "1", "2"


@flow
async def virtual_secretary(call: Call) -> None:
    if is_listed(call, UNWANTED):
        call.tag("secretary", "refused")
        await call.reject(603)
    is_important = await matters(call)
    await call.play("greeting/welcome")
    if not is_important and call.project.hours and call.is_open():
        choice = await call.menu("secretary/urgent-or-message", digits=URGENT + MESSAGE, default=MESSAGE, tries=1)
        is_important = choice.digit == URGENT
    if is_important and await put_through(call):
        return
    await take_message(call)


async def matters(call: Call) -> bool:
    if is_listed(call, IMPORTANT):
        return True
    return bool(LOOKUP) and (await call.look_up(LOOKUP)).is_true("important")


async def put_through(call: Call) -> bool:
    """Whether the client, or whoever answers for him, has talked to the caller."""
    await call.play("secretary/say-who")
    message = await call.record(limit_s=NAME_S)
    heard: list[Said] = ["secretary/call-for", spoken.text(call.project.name)]
    if message.duration_s >= SHORTEST_NAME_S:
        heard.append(message.path)
    await call.play("connect/trying")
    try:
        outcome = await call.dial(
            own(call, MOBILE), screened=True, callee_hears=heard, ring_s=RING_S, through=own(call, LINE)
        )
    except LocalError as error:
        # The line is missing in agents.toml. The record says so; a message is better than an apology.
        call.tag("fault", str(error))
        await call.play("secretary/not-reached")
        return False
    call.tag("secretary", "put through" if outcome.is_answered else "not reached")
    if not outcome.is_answered:
        await call.play("secretary/not-reached")
    return outcome.is_answered


async def take_message(call: Call) -> None:
    if call.has_voice_box(own(call, BOX)):
        outcome = await call.voicemail(own(call, BOX), greeting="none")
        is_saved = outcome.is_saved
    else:
        await call.play("voicemail/leave-message")
        message = await call.record(limit_s=MESSAGE_S)
        is_saved = message.duration_s >= SHORTEST_NAME_S
        if is_saved:
            call.tag("message", message.path)
    if is_saved:
        call.tag("secretary", "message")
    await call.play("greeting/goodbye")


def is_listed(call: Call, name: str) -> bool:
    return bool(call.calling_number) and call.listed(own(call, name)) is not None


def own(call: Call, name: str) -> str:
    """What is the client's: "acme.mobile"."""
    return f"{call.project.id}.{name}" if call.project.id else name
