"""Every bound of the ACD, with its reason."""

CONTACTS_MAX = 50_000
"""Contacts known to the router at once; ten times the largest centre planned for, some 50 MB."""

LINES_MAX = 4_096
"""Distinct sets of extra requirements waiting at once; each costs one byte per agent, 40 MB with 10,000 agents."""

SKILLS_PER_CONTACT_MAX = 16
"""Extra requirements of one contact; the most any centre surveyed uses in one routing step is ten."""

BOOST_S_MAX = 86_400.0
"""A contact may count as at most one day older or younger than it is: more would be strict priority."""

REASON_LENGTH_MAX = 80
"""Characters kept of a reason; it is shown in one column of a table and stored with every change of state."""

RING_ALL_MAX = 32
"""Agents alerted for one contact at once; each is a call with a stream of its own, and one of them will answer."""

WORK_S_MAX = 43_200.0
"""An e-mail, a chat or a task is in an agent's hands for twelve hours at most, longer than any shift."""

WRAP_UP_S_MAX = 3_600.0
"""Wrap-up ends at the latest this long after the conversation, however often it was extended."""

EVENTS_UNTAKEN_MAX = 200_000
"""Events kept for who takes them late or never; the oldest go first. One reload with the most contacts fits."""

JOURNAL_ENTRIES_MAX = 20_000
"""Inputs in the journal before a snapshot takes their place: so many are done again in a second or two at a restart."""

JOURNAL_AGE_S_MAX = 600.0
"""And the longest time between two snapshots, so that a quiet switch keeps a short journal as well."""

DECISIONS_TOLD_MAX = 64
"""Decisions of one contact that are told as events: who is tried all day long says nothing new after these."""

AGENTS_EXPLAINED_MAX = 500
"""Agents named one by one when somebody asks why a contact waits; the others are counted."""

VETOES_MAX = 5
"""Vetoes of a routing hook against one contact; whom it will not let be served at all is served all the same."""

HOOK_OTHERS_MAX = 16
"""Other free agents a routing hook is told of: a choice, not the roster; each is an id in a message of every call."""

HOOK_ANSWER_BYTES_MAX = 16_384
"""Of a routing hook's answer: three words and a reason need two hundred."""

HOOK_ASKED_AT_ONCE_MAX = 256
"""Questions on their way to routing hooks: a thousand decisions a second at a quarter of a second each."""

HOOK_FAILURES_MAX = 5
"""Failures in a row after which a routing hook is left alone: five callers have waited for its deadline in vain."""

HOOK_REST_S = 30.0
"""How long it is left alone before it is tried again: a service restarts in less."""

HOOK_GRACE_S = 1.0
"""A question the router has not settled so long after its deadline ends by itself."""

OVERFLOW_MOVES_MAX = 8
"""Queues one contact overflows into before it counts as going in circles and its overflow hangs up."""

REQUIREMENT_LENGTH_MAX = 500
"""Characters of a requirement; longer ones are nobody's handwriting and would not fit a message to people."""

CONTACT_PROJECTS_MAX = 20_000
"""Contacts of which it is remembered for whom they are: twice as many as there can be agents with one each, so that the
last event of a wrap-up still finds its own."""

REQUIREMENT_TERMS_MAX = 32
"""Comparisons in one requirement; each costs one pass over all agents when it is met for the first time."""

REQUIREMENT_NESTING_MAX = 20
"""Brackets and "not" within each other; a reader that calls itself must not be called without end."""

SKILLS_PER_AGENT_MAX = 64
"""Skills one agent may be given while he works; each new one is a column over all agents."""

STEPS_MAX = 10
"""Routing steps of one queue, as in the largest commercial centres."""

PREFERRED_SKILLS_MAX = 16
"""Preferred skills of one step; who has how many of them is part of an agent's rank, which is one byte."""

DELAYS_MAX = 8
"""Different delays of the agents of one queue; each splits its lines once more."""

JUDGED_MAX = 10_000
"""Contacts of one queue in the window of its service level, the newest: more say nothing new about the last while."""

CUSTOMERS_MAX = 100_000
"""Customers whose last contact is remembered: more than call a centre of ten thousand agents in an hour; some 20 MB."""

CUSTOMER_REMEMBERED_S = 86_400.0
"""Nobody who calls again on the next day expects his old place in the line."""

CUSTOMER_LENGTH_MAX = 64
"""Characters that tell a customer from another; a telephone number has fifteen digits."""

QUESTIONS_RATED_MAX = 64
"""Of surveys, counted apart for each queue and agent; a flow may make names up, and no table shows so many columns."""

QUEUE_LOG_LINES_WAITING_MAX = 10_000
"""Lines of the queue_log that wait while its disk refuses: those of a busy hour, a megabyte; more are lost."""
