"""A caller who does not want to wait is called back, and keeps his place in the queue.

In queues.toml, of the queue he waits in:

    callbacks = {attempts = 3, retry_s = 600}
    exit_keys = {"1" = "flow:callback_offer"}       # and a text that tells him so: announce = {texts = [...]}
    overflow = "flow:callback_offer"                # or for whom it would take too long

He is read the number he calls from and confirms it with 1. Other numbers are not asked for: whoever could name any
number would have us call dear ones.
"""

from softswitch.dialplan import Call, flow

DIGITS = {**{digit: f"digit/{digit}" for digit in "0123456789"}, "+": "digit/plus"}


@flow
async def callback_offer(call: Call, *, queue: str = "") -> None:
    """From the queue he has waited in, or `queue`."""
    number = call.calling_number
    if not number:
        await call.play("callback/not-possible")
        return
    spelt = [DIGITS[character] for character in number if character in DIGITS]
    choice = await call.menu("callback/offer", *spelt, "callback/confirm", digits="1", tries=2, default="0")
    if choice.digit == "1":
        is_promised = await call.request_callback(queue=queue)
        await call.play("callback/promised" if is_promised else "callback/not-possible")
