"""Which of Asterisk's core sounds says what one of our phrases says, by language.

Only sounds whose words fit in every sentence the phrase is used in are listed. The names are those of the packages
asterisk-core-sounds-en and -ru, version 1.6.1; what a package lacks is simply not found.
"""

from softswitch.prompts.catalogue import base_language

_TENS = (*range(20), 20, 30, 40, 50, 60, 70, 80, 90)

_EVERY_LANGUAGE = {
    "greeting/goodbye": "vm-goodbye",
    "greeting/thank-you": "privacy-thankyou",
    "menu/invalid-choice": "vm-sorry",
    "menu/try-again": "please-try-again",
    "menu/press": "vm-press",
    "queue/all-agents-busy": "queue-periodic-announce",
    "queue/thank-you-for-waiting": "queue-thankyou",
    "queue/you-are-next": "queue-youarenext",
    "queue/your-number-is": "queue-thereare",
    "queue/estimated-wait": "queue-holdtime",
    "queue/nobody-available": "vm-nobodyavail",
    "connect/transfer": "transfer",
    "connect/connecting": "vm-dialout",
    "connect/trying": "pls-hold-while-try",
    "connect/no-answer": "number-not-answering",
    "connect/not-in-service": "ss-noservice",
    "fault/sorry": "sorry",
    "voicemail/leave-message": "vm-intro",
    "voicemail/saved": "vm-msgsaved",
    "voicemail/too-short": "vm-tooshort",
    "voicemail/wrong-password": "vm-incorrect",
    "voicemail/you-have": "vm-youhave",
    "voicemail/received-at": "vm-received",
    "voicemail/from": "vm-from",
    "voicemail/deleted": "vm-deleted",
    "voicemail/end-of-messages": "vm-nomore",
    "noun/minute/one": "queue-minute",
    "noun/minute/many": "queue-minutes",
    "noun/second/many": "queue-seconds",
    "noun/hour/many": "hours",
    "noun/message/one": "vm-message",
    "noun/message/many": "vm-messages",
    "digit/star": "digits/star",
    **{f"digit/{digit}": f"digits/{digit}" for digit in range(10)},
    **{f"number/{number}": f"digits/{number}" for number in _TENS},
    **{f"ordinal/{number}": f"digits/h-{number}" for number in _TENS[1:]},
}

_ONE_LANGUAGE = {
    "en": {
        "digit/pound": "digits/pound",
        "number/hundred": "digits/hundred",
        "number/thousand": "digits/thousand",
        "number/million": "digits/million",
        "ordinal/hundred": "digits/h-hundred",
        "noun/second/one": "second",
    },
    "ru": {
        "number/1n": "digits/1n",
        "number/100": "digits/hundred",
        "number/thousand/one": "digits/thousand",
        "number/million/one": "digits/million",
    },
}


def asterisk_name(phrase: str, language: str) -> str | None:
    """The core sound for a phrase, without a suffix, or None."""
    return _ONE_LANGUAGE.get(base_language(language), {}).get(phrase) or _EVERY_LANGUAGE.get(phrase)
