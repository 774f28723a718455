"""The bounds of what links to providers do, each with its reason."""

NUMBER_CHARACTERS_MAX = 64
"""Longer than any telephone number (E.164: 15 digits) and than any name dialled; what is longer is not translated."""

PATTERN_CHARACTERS_MAX = 128
"""A regular expression of an operator. The longest sensible one names a dozen area codes."""

PATTERN_REPEATS_MAX = 3
"""Unbounded repetitions in one expression: 64 characters cubed is what the slowest match costs, some milliseconds."""

PATTERN_OPTIONS_MAX = 4
"""`?` and `{m,n}` in one expression: each may double the work of a match that fails."""

RULES_MAX = 32
"""Number rules of one trunk; each is tried for every call."""

TRUNKS_PER_ROUTE_MAX = 8
"""A caller waits some seconds for every trunk that is silent; after eight he has hung up."""

DIVERSIONS_MAX = 10
"""Diversions read from, or written into, one INVITE: more of them are a loop."""

SERVICE_ROUTES_MAX = 8
"""Proxies a provider may name with a registration (RFC 3608); networks of mobile operators name one or two."""

RETRY_AFTER_MAX_S = 3600
"""The longest wish of a registrar (Retry-After) that is granted: a wrong one must not keep a trunk out for days."""

EXPIRES_MAX_S = 86_400
"""The longest registration asked for, and the largest Min-Expires obeyed."""
