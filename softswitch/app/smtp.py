"""One mail to a server, by SMTP. Nothing here decides when; see mailing.py."""

import ssl
from email.message import EmailMessage
from typing import Literal

import msgspec

from softswitch.base.errors import SoftswitchError

CONNECT_S = 20.0
"""For each step of the dialogue; a mail in all has `SEND_S` (mailing.py)."""
DEFAULT_PORTS = {"none": 25, "starttls": 587, "tls": 465}

MailSecurity = Literal["none", "starttls", "tls"]


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail goes out; without a `server` none does."""

    server: str = ""
    port: int = 0
    """0: the usual one."""
    security: MailSecurity = "starttls"
    is_verified: bool = True
    """The server's certificate must be one the system believes."""
    username: str = ""
    password: str = ""
    sender: str = ""
    key_file: str = ""
    """What voice messages at rest are encrypted with, to attach them; "": they are not."""


class MailNotSent(SoftswitchError):
    """Why not. `is_final`: the server says that it never will be."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


async def send(message: EmailMessage, settings: MailSettings) -> list[str]:
    """Returns which of several recipients the server has refused, and why. Raises `MailNotSent`."""
    # 40 ms that a switch without mail never needs.
    import aiosmtplib

    context = ssl.create_default_context()
    if not settings.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    client = aiosmtplib.SMTP(
        hostname=settings.server,
        port=settings.port or DEFAULT_PORTS[settings.security],
        username=settings.username or None,
        password=settings.password or None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=None if settings.security == "none" else context,
        timeout=CONNECT_S,
    )
    try:
        async with client:
            refused, _ = await client.send_message(message)
        return [f"{address}: {each.code} {each.message}" for address, each in refused.items()]
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusals = error.recipients
        reason = "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in refusals)
        raise MailNotSent(reason, is_final=all(each.code >= 500 for each in refusals)) from error
    except aiosmtplib.SMTPAuthenticationError as error:
        # Not final: whoever runs the switch may correct the password.
        raise MailNotSent(f"the server does not accept our password: {error.code} {error.message}") from error
    except aiosmtplib.SMTPResponseException as error:
        raise MailNotSent(f"{error.code} {error.message}", is_final=error.code >= 500) from error
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
        raise MailNotSent(str(error) or type(error).__name__) from error
    finally:
        client.close()  # of a server that hangs, when we are cancelled
