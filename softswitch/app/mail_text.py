"""What is written in the same way in all our mails."""


def one_line(text: str) -> str:
    """What a caller's phone says of him may hold anything; a header is one line, and so is he in the text."""
    return "".join(character if character.isprintable() else " " for character in text)[:200]


def minutes(seconds: float) -> str:
    """How long something lasted, as `softswitch voicemail list` says it: whole seconds, 3:05."""
    whole, rest = divmod(int(seconds), 60)
    return f"{whole}:{rest:02}"
