"""A dialog of another process, and where its peer is now."""

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptDialog
from softswitch.sip.sessions.dialog import Dialog


def revive_dialog(core: SipCore, kept: KeptDialog, source: Flow) -> tuple[Dialog, Flow]:
    """The dialog, and what has become of `source`, the flow its peer was last heard on."""
    dialog = Dialog.adopt(kept, core.revive(kept.flow))
    heard_on = core.way_again(core.revive(source), dialog.remote_target, dialog.routes)
    if dialog.flow.is_lost:
        dialog.flow = heard_on
    return dialog, heard_on
