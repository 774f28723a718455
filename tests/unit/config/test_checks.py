"""What must hold between keys, rows and files: one small configuration for each rule."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.check_people import weakness

ANNA = '[[agent]]\nid = "anna"\npassword = "kuYb6-tzzQ"\nskills = {billing = 5}\n'
BORIS = '[[agent]]\nid = "boris"\npassword = "kuYb6-tzzR"\n'
HALL = '[[phone]]\nid = "hall"\npassword = "kuYb6-tzzS"\n'
MOSCOW = '[[site]]\nid = "moscow"\n'
QUEUE = '[[queue]]\nid = "support"\n'
VIP = '[[boost]]\nid = "vip"\nboost_s = 60\ncallers = ["+7495!"]\n'
ROUTE = '[[route]]\nnumber = "100"\nflow = "hotline"\n'
OFFICE = '[[schedule]]\nid = "office"\nhours = {daily = ["09:00-18:00"]}\n'
REPORT = '[[report]]\nid = "r"\nreport = "waits"\nwhen = "daily 07:00"\nto = ["boss@example.com"]\n'
SURVEY = '[[survey]]\nid = "csat"\nquestions = [{id = "agent", text = "How was it?"}]\n'
BOX = '[[box]]\nid = "sales"\nnumber = "190"\n'
MAIL = '[mail]\nserver = "smtp.example.com"\nsender = "switch@example.com"\n'
TRUNK = '[[trunk]]\nname = "provider"\nhost = "192.0.2.1"\n'
LIST = '[[list]]\nid = "vip"\n'
REGION = '[[region]]\nid = "moscow"\n'
LOOKUP = '[[lookup]]\nid = "crm"\n'
URL = 'url = "https://crm.example.com/{calling_number}"\n'
ACME = '[[project]]\nid = "acme"\n'
_ASKED = '[[survey]]\nid = "csat"\nquestions = [{}]\n'
_CUSTOMER = '[[trunk]]\nname = "{}"\naccept_username = "shared"\naccept_password = "x"\n'

Files = dict[str, str]


def faults_of(directory: Path, files: Files) -> list[str]:
    for name, text in {"softswitch": "", **files}.items():
        (directory / f"{name}.toml").write_text(text)
    try:
        load(directory)
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # softswitch.toml
        ({"softswitch": '[agents]\nnot_ready_reasons = ["lunch", " "]'}, "agents.not_ready_reasons[1]: it is empty"),
        ({"softswitch": '[agents]\nnot_ready_reasons = ["a", "a"]'}, 'agents.not_ready_reasons[1]: "a" is there twice'),
        (
            {"softswitch": f'[agents]\nnot_ready_reasons = ["{"x" * 81}"]'},
            "agents.not_ready_reasons[0]: it has more than 80 characters",
        ),
        (
            {"softswitch": '[agents.interrupted_by]\nvoice = ["chat"]'},
            "agents.interrupted_by.voice: a call is interrupted by nothing",
        ),
        (
            {"softswitch": '[agents.interrupted_by]\nemail = ["voice", "email"]'},
            "agents.interrupted_by.email[1]: email does not interrupt itself",
        ),
        (
            {"agents": ANNA + "capacity = {callback = 1}"},
            "agent[0].capacity.callback: a call-back takes the place of a call",
        ),
        ({"agents": ANNA + "capacity = {voice = 2}"}, "agent[0].capacity.voice: nobody talks to two callers at once"),
        ({"agents": ANNA + 'supervises = ["west"]'}, 'agent[0].supervises[0]: no agent belongs to a team "west"'),
        # callers.toml and lookups.toml
        ({"callers": LIST + 'numbers = ["+7495!", "x-ray"]'}, 'list[0].numbers[1]: "x-ray" is no number'),
        ({"callers": LIST + 'notes = {"+7495!" = "x"}'}, 'list[0].notes.+7495!: "+7495!" is no number'),
        ({"callers": LIST + LIST}, 'list[1].id: there is a list "vip" already'),
        ({"callers": LIST + 'file = "none.csv"'}, "list[0].file: none.csv cannot be read: No such file"),
        ({"callers": REGION + 'prefixes = ["7495"]'}, 'region[0].prefixes[0]: "7495" is no beginning'),
        (
            {"callers": REGION + 'prefixes = ["+7"]\n[[region]]\nid = "b"\nprefixes = ["+7"]'},
            'region[1].prefixes[0]: "+7" belongs to the region "moscow" already',
        ),
        ({"queues": QUEUE + VIP + 'lists = ["vop"]'}, 'boost[0].lists[0]: there is no list "vop"'),
        ({"queues": QUEUE + VIP + 'regions = ["mars"]'}, 'boost[0].regions[0]: there is no region "mars"'),
        ({"lookups": LOOKUP + 'url = "crm.example.com"'}, 'lookup[0].url: "crm.example.com" is no URL'),
        ({"lookups": LOOKUP + 'url = "https://{host}/x"'}, "lookup[0].url: the host must not depend on the call"),
        ({"lookups": LOOKUP + 'url = "https://a.example/{}"'}, "lookup[0].url: its braces are wrong"),
        ({"lookups": LOOKUP + URL + 'secret = "x"'}, "lookup[0].secret: only what POST sends is signed"),
        ({"lookups": LOOKUP + URL + 'headers = {"a b" = "x"}'}, "lookup[0].headers.a b: this is no header of HTTP"),
        ({"agents": ANNA + 'site = "mosow"\n' + MOSCOW}, 'agent[0].site: there is no site "mosow"'),
        ({"agents": MOSCOW + MOSCOW}, 'site[1].id: there is a site "moscow" already'),
        ({"agents": MOSCOW + 'regions = ["mars"]'}, 'site[0].regions[0]: there is no region "mars"'),
        (
            {
                "callers": REGION + 'prefixes = ["+7495"]',
                "agents": MOSCOW + 'regions = ["moscow"]\n[[site]]\nid = "kazan"\nregions = ["moscow"]',
            },
            'site[1].regions[0]: "moscow" belongs to the site "moscow" already',
        ),
        ({"agents": MOSCOW, "queues": QUEUE + "prefer_site = true"}, "queue[0].prefer_site: no site has regions"),
        (
            {"agents": ANNA + MOSCOW, "queues": QUEUE + 'requirement = "site:moscow"'},
            "queue[0].requirement: no agent meets it",
        ),
        ({"queues": QUEUE + "disposition_required = true"}, "queue[0].disposition_required: there is none an agent"),
        ({"queues": QUEUE + 'dispositions = ["sold", ""]'}, "queue[0].dispositions[1]: it is empty"),
        (
            {"queues": QUEUE + 'no_answer_state = "ready"\nno_answer_reason = "missed"'},
            "queue[0].no_answer_reason: an agent who becomes ready has no reason",
        ),
        ({"softswitch": '[sip]\ndomain = "a b"'}, 'sip.domain: "a b" is no host name'),
        ({"softswitch": '[sip]\nadvertised_ip = "pbx"'}, 'sip.advertised_ip: "pbx" is no IP address'),
        ({"softswitch": '[sip]\nlisten = ["5060"]'}, 'sip.listen[0]: "5060" is no transport:address:port'),
        (
            {"softswitch": '[sip]\nlisten = ["udp:0.0.0.0:5060", "UDP:0.0.0.0:5060"]'},
            'sip.listen[1]: "UDP:0.0.0.0:5060" is there twice',
        ),
        ({"softswitch": "[sip]\nlisten = []"}, "sip.listen: it is empty"),
        ({"softswitch": "[sip]\ndigest = []"}, "sip.digest: it is empty"),
        ({"softswitch": "[sip]\nregistration_max_s = 100"}, "sip.registration_default_s: the times"),
        ({"softswitch": '[sip]\nlisten = ["tls:0.0.0.0:5061"]'}, 'sip.listen[0]: "tls:0.0.0.0:5061" needs a certif'),
        ({"softswitch": '[sip]\nlisten = ["ws:0.0.0.0:5060"]'}, "sip.listen[0]: browsers refuse to open a WebSocket"),
        ({"softswitch": '[sip]\nwebsocket_origins = ["phone.example"]'}, "sip.websocket_origins[0]: "),
        ({"softswitch": '[telemetry]\nendpoint = "collector:4318"'}, "telemetry.endpoint: this is no address"),
        ({"softswitch": '[warehouse]\ndsn = "db.example.com"'}, "warehouse.dsn: this names no database"),
        ({"softswitch": '[warehouse]\ntable_prefix = "Calls; "'}, "warehouse.table_prefix: "),
        ({"softswitch": '[tls]\ncertificate = "pbx.pem"'}, "tls.certificate: "),
        (
            {"softswitch": '[tls.listener."wss:0.0.0.0:8089"]\ncertificate = "a.pem"'},
            'tls.listener.wss:0.0.0.0:8089: "wss:0.0.0.0:8089" is not among [sip] listen',
        ),
        (
            {"softswitch": '[tls.listener."udp:0.0.0.0:5060"]\ncertificate = "a.pem"'},
            'tls.listener.udp:0.0.0.0:5060: "udp:0.0.0.0:5060" shows no certificate',
        ),
        (
            {
                "softswitch": '[sip]\nlisten = ["tls:0.0.0.0:5061"]\n'
                '[tls.listener."tls:0.0.0.0:5061"]\ncertificate = "a.pem"'
            },
            "tls.listener.tls:0.0.0.0:5061.certificate: ",
        ),
        ({"softswitch": '[tls]\nca = "queues.toml"', "queues": QUEUE}, "holds no certificates"),
        (
            {"trunks": '[[trunk]]\nname = "p"\nhost = "sip.example"\ntransport = "tls"'},
            "trunk[0].transport: the provider is reached by TLS, but [sip] listen has no TLS",
        ),
        ({"trunks": '[[trunk]]\nname = "p"\nhost = "sip.example"\ntls_ca = "x.pem"'}, "trunk[0].tls_ca: "),
        ({"softswitch": '[toll]\ntimezone = "Mars"'}, 'toll.timezone: there is no time zone "Mars"'),
        ({"softswitch": '[toll]\ndeny = ["premium"]'}, 'toll.deny[0]: "premium" is no beginning of a number'),
        ({"softswitch": '[toll]\nnight_allow = ["112"]'}, "toll.night_allow: there are no hours outside of which"),
        (
            {"agents": ANNA + 'toll = {hours = "ofice"}', "schedules": OFFICE},
            "agent[0].toll.hours: there is no schedule",
        ),
        ({"softswitch": '[guard]\nallow = ["me"]'}, 'guard.allow[0]: "me" is no address and no network'),
        ({"softswitch": '[guard]\nnever_ban = ["10.0.0.1/8"]'}, 'guard.never_ban[0]: "10.0.0.1/8" is no address'),
        ({"softswitch": "[guard]\nban_max_s = 60"}, "guard.ban_max_s: it is shorter than the first ban"),
        (
            {"softswitch": '[guard.listener."udp:0.0.0.0:5061"]\nallow = ["10.0.0.0/8"]'},
            'guard.listener.udp:0.0.0.0:5061: "udp:0.0.0.0:5061" is not among [sip] listen',
        ),
        ({"agents": ANNA + 'allowed_from = ["home"]'}, 'agent[0].allowed_from[0]: "home" is no address'),
        ({"softswitch": '[media]\nip = "x"'}, 'media.ip: "x" is no IP address'),
        ({"softswitch": '[media]\nadvertised_ip = "x"'}, 'media.advertised_ip: "x" is no IP address'),
        ({"softswitch": "[media]\ncodecs = []"}, "media.codecs: it is empty, so nobody could be understood"),
        ({"softswitch": '[media]\ncodecs = ["PCMA", "OPUS", "PCMA"]'}, 'media.codecs[2]: "PCMA" is there twice'),
        ({"agents": ANNA + 'codecs = ["G722", "G722"]'}, 'agent[0].codecs[1]: "G722" is there twice'),
        (
            {"trunks": '[[trunk]]\nname = "p"\nhost = "sip.example"\ncodecs = ["PCMU", "PCMU"]'},
            'trunk[0].codecs[1]: "PCMU" is there twice',
        ),
        (
            {"softswitch": "[media]\ncpu_max = 0"},
            "media.cpu_max: 0 is not possible here. Write a number from 0 to 1, but",
        ),
        ({"softswitch": '[media]\nports = "2000"'}, 'media.ports: "2000" is no range'),
        ({"softswitch": '[media]\nports = "20000-20002"'}, 'media.ports: "20000-20002" is too narrow'),
        ({"softswitch": '[media]\nports = "1000-2000"'}, 'media.ports: "1000-2000" is too narrow or below 1024'),
        ({"softswitch": '[media]\nports = "5000-6000"'}, 'media.ports: "5000-6000" contains the SIP port 5060'),
        ({"softswitch": "[sounds]\nlanguages = []"}, "sounds.languages: it is empty"),
        ({"softswitch": '[sounds]\ndefault_language = "ru"'}, 'sounds.default_language: "ru" is not among'),
        ({"softswitch": '[sounds]\nasterisk_sounds = "x"'}, 'sounds.asterisk_sounds: there is no directory "x"'),
        ({"softswitch": f'[control]\nsocket = "/{"x" * 120}"'}, "control.socket: the path of the socket"),
        ({"softswitch": '[trace]\nhomer = "homer.example"'}, 'trace.homer: "homer.example" is no address:port'),
        ({"softswitch": '[recordings]\nkey_file = "key"'}, "recordings.key_file: the key"),
        ({"softswitch": '[recordings]\nkey_file = "queues.toml"', "queues": QUEUE}, "recordings.key_file:"),
        ({"softswitch": '[parking]\nslots = "701"'}, 'parking.slots: "701" are no slots'),
        ({"softswitch": '[parking]\nslots = "720-701"'}, 'parking.slots: "720-701" are no slots'),
        ({"softswitch": '[parking]\nslots = "99-101"'}, 'parking.slots: "99-101" are no slots'),
        # agents.toml
        (
            {"agents": "[[person]]\nid = 1"},
            "person: this does not belong in this file. It holds [[agent]] and [[phone]] and [[group]]",
        ),
        ({"agents": "[[group]]\nid = 'sales'\nmembers = []"}, "group[0].members: nobody is in it"),
        (
            {"agents": ANNA + "[[group]]\nid = 'sales'\nmembers = ['ana', '+4420']"},
            'group[0].members[0]: nobody has the id "ana". Did you mean "anna"?',
        ),
        (
            {"agents": ANNA + "[[group]]\nid = 'anna'\nmembers = ['anna']"},
            'group[0].id: "anna" is already a name or number of agent[0] (line 1)',
        ),
        (
            {"agents": ANNA + "[[group]]\nid = 's'\nnumber = 'six'\nmembers = ['anna']"},
            'group[0].number: "six" is no extension',
        ),
        (
            {"agents": ANNA + "[[group]]\nid = 's'\nmembers = ['anna', 'anna']"},
            'group[0].members[1]: "anna" is in it twice',
        ),
        ({"agents": "[[agnt]]\nid = 1"}, 'agnt: this does not belong in this file. Did you mean "agent"?'),
        ({"agents": ANNA + ANNA}, 'agent[1].id: the id "anna" is that of agent[0] (line 1) already'),
        ({"agents": ANNA + HALL + 'username = "anna"'}, 'phone[0].username: the username "anna" is that of agent[0]'),
        ({"agents": ANNA + HALL.replace("hall", "anna")}, 'phone[0].id: the id "anna" is that of agent[0]'),
        (
            {"agents": f'{ANNA}number = "1"\n{BORIS}number = "1"'},
            'agent[1].number: the number "1" is that of agent[0] (line 1)',
        ),
        ({"agents": ANNA + 'number = "x1"'}, 'agent[0].number: "x1" is no extension'),
        (
            {"agents": ANNA + 'number = "100"', "numbers": ROUTE},
            'agent[0].number: "100" is also the number of route[0]',
        ),
        ({"agents": ANNA + 'number = "7"\n' + BORIS + 'username = "7"'}, 'agent[0].number: "7" is also the username'),
        ({"agents": ANNA + 'language = "ru"'}, 'agent[0].language: "ru" is not among the languages'),
        ({"agents": ANNA.replace("kuYb6-tzzQ", "short")}, "agent[0].password: the password has fewer than 8"),
        ({"agents": HALL.replace("kuYb6-tzzS", "hallhall")}, "phone[0].password: the password is the user's own name"),
        ({"agents": HALL.replace("kuYb6-tzzS", "changeme")}, "phone[0].password: the password is among the first"),
        # queues.toml
        ({"queues": "[queue]\nid = 'a'"}, "queue: this is a table, not rows. Write [[queue]] above each row"),
        ({"queues": QUEUE + QUEUE}, 'queue[1].id: there is a queue "support" already'),
        ({"queues": QUEUE, "agents": ANNA + 'queues = ["suport"]'}, 'agent[0].queues[0]: there is no queue "suport"'),
        ({"queues": QUEUE + 'overflow = "queue:sales"'}, 'queue[0].overflow: there is no queue "sales"'),
        ({"queues": QUEUE + 'overflow = "voicemail"'}, 'queue[0].overflow: "voicemail" is no place'),
        (
            {"queues": QUEUE + 'overflow = "hang up"'},
            'queue[0].overflow: "hang up" is no place to overflow to. Did you',
        ),
        ({"queues": QUEUE + 'overflow = "flow:"'}, 'queue[0].overflow: "flow:" is no place'),
        ({"queues": QUEUE + 'overflow = "queue:support"'}, "queue[0].overflow: callers would overflow"),
        ({"queues": QUEUE + 'overflow_full = "queue:sales"'}, 'queue[0].overflow_full: there is no queue "sales"'),
        ({"queues": QUEUE + 'overflow_closed = "night"'}, 'queue[0].overflow_closed: "night" is no place'),
        ({"queues": QUEUE + 'overflow_empty = "queue:support"'}, "queue[0].overflow_empty: callers would overflow"),
        ({"queues": QUEUE + 'hours = "ofice"', "schedules": OFFICE}, 'queue[0].hours: there is no schedule "ofice"'),
        ({"queues": QUEUE + "rescue = {below = 80, until = 70, older_s = 5}"}, "queue[0].rescue.until: it would begin"),
        ({"queues": QUEUE + 'hook = {url = "routing"}'}, 'queue[0].hook.url: "routing" is no URL'),
        ({"queues": QUEUE + 'hook = {url = "http://[::1"}'}, 'queue[0].hook.url: "http://[::1" is no URL'),
        ({"queues": QUEUE + 'hook = {url = "https://a b/"}'}, 'queue[0].hook.url: "https://a b/" is no URL'),
        ({"queues": QUEUE + "rescue = {below = 80, until = 90}"}, "queue[0].rescue: it would do nothing"),
        (
            {"agents": ANNA, "queues": QUEUE + 'rescue = {below = 80, until = 90, agents = ["ann"]}'},
            'queue[0].rescue.agents[0]: there is no agent "ann". Did you mean "anna"?',
        ),
        ({"queues": QUEUE + VIP + VIP}, 'boost[1].id: there is a boost "vip" already'),
        ({"queues": QUEUE + '[[boost]]\nid = "all"\nboost_s = 5'}, "boost[0]: it would boost everybody alike"),
        ({"queues": QUEUE + VIP + 'queues = ["sales"]'}, 'boost[0].queues[0]: there is no queue "sales"'),
        ({"queues": QUEUE + VIP + 'projects = ["acme"]'}, 'boost[0].projects[0]: there is no project "acme"'),
        ({"queues": QUEUE + VIP + 'called = ["hotline"]'}, 'boost[0].called[0]: "hotline" is no number'),
        ({"queues": QUEUE + 'exit_keys = {"10" = "return"}'}, 'queue[0].exit_keys.10: "10" is no key of a telephone'),
        ({"queues": QUEUE + 'exit_keys = {"1" = "queue:support"}'}, "queue[0].exit_keys.1: there is no other queue"),
        ({"queues": QUEUE + 'exit_keys = {"1" = "voicemail"}'}, 'queue[0].exit_keys.1: "voicemail" is no place'),
        ({"queues": QUEUE + 'join_empty = ["penalty"]'}, 'queue[0].join_empty[0]: "penalty" is not possible here'),
        ({"queues": QUEUE + "skills = {biling = 3}", "agents": ANNA}, 'skills.biling: no agent has the skill "biling"'),
        ({"queues": QUEUE + "skills = {billing = 6}", "agents": ANNA}, "no agent has billing at level 6 or above"),
        # requirements, steps and profiles
        ({"queues": QUEUE + 'requirement = "billing >"'}, "queue[0].requirement: expected a level from 1 to 10, found"),
        (
            {"queues": QUEUE + 'requirement = "biling >= 3"', "agents": ANNA},
            'queue[0].requirement: no agent meets it, so nobody could answer. Did you mean "billing"?',
        ),
        (
            {"queues": QUEUE + 'requirement = "billing and not billing"', "agents": ANNA},
            "queue[0].requirement: no agent meets it, so nobody could answer. Ask for less",
        ),
        (
            {"queues": QUEUE + 'steps = [{requirement = "("}]'},
            "queue[0].steps[0].requirement: expected a skill, found the end",
        ),
        (
            {"queues": QUEUE + "skills = {billing = 5}\nsteps = [{skills = {en = 3}, for_s = 1}, {}]", "agents": ANNA},
            'queue[0].steps[0].skills: no agent meets it, so nobody could answer. No agent has the skill "en"',
        ),
        ({"queues": QUEUE + "steps = [{}, {}]"}, "queue[0].steps[0].for_s: it is missing, so the next step would"),
        ({"queues": QUEUE + "steps = [{for_s = 3}]"}, "queue[0].steps[0].for_s: nothing comes after the last step"),
        (
            {"queues": QUEUE + 'steps = [{skip_if = "nobody_ready"}]'},
            "queue[0].steps[0].skip_if: nothing comes after the last step",
        ),
        (
            {"queues": QUEUE + f"steps = [{'{for_s = 1}, ' * 10}{{}}]"},
            "queue[0].steps: there are 11 steps. Write 10 at most",
        ),
        (
            {"queues": QUEUE + f"preferred = {{{', '.join(f's{each} = 1' for each in range(17))}}}"},
            "queue[0].preferred: the queue and this step together prefer more than 16 skills",
        ),
        (
            {"queues": QUEUE, "agents": ANNA + "profile = {suport = {order = 2}}"},
            'agent[0].profile.suport: there is no queue "suport". Did you mean "support"?',
        ),
        (
            {"queues": QUEUE, "agents": ANNA + "queues = []\nprofile = {support = {order = 2}}"},
            'agent[0].profile.support: the agent does not serve "support"',
        ),
        (
            {
                "queues": QUEUE,
                "agents": "".join(
                    BORIS.replace("boris", f"a{each}") + f"profile = {{support = {{delay_s = {each + 1}}}}}\n"
                    for each in range(9)
                ),
            },
            'agent[8].profile.support.delay_s: the agents of "support" have more than 8 different delays',
        ),
        # numbers.toml and schedules.toml
        ({"numbers": ROUTE + 'hours = "offce"\notherwise = "x"', "schedules": OFFICE}, 'Did you mean "office"?'),
        ({"numbers": ROUTE + ROUTE}, 'route[1].number: "100" is already the number of route[0]'),
        ({"schedules": OFFICE + OFFICE}, 'schedule[1].id: there is a schedule "office" already'),
        ({"schedules": OFFICE + 'timezone = "Mars"'}, 'schedule[0].timezone: there is no time zone "Mars"'),
        ({"schedules": OFFICE.replace("daily", "moon")}, 'schedule[0].hours.moon: "moon" names no days'),
        # voicemail.toml
        (
            {"softswitch": '[voicemail]\noperator = "9"', "numbers": ROUTE},
            "voicemail.operator: no extension and no route",
        ),
        ({"voicemail": BOX + 'operator = "100"'}, 'box[0].operator: no extension and no route has the number "100"'),
        ({"softswitch": '[voicemail]\ndirectory = "recordings/voice"'}, "voicemail.directory: it is inside of [recor"),
        ({"softswitch": '[voicemail]\ndirectory = "."'}, "voicemail.directory: it is inside of [recordings]"),
        ({"voicemail": BOX, "agents": ANNA + 'number = "190"'}, 'box[0].number: "190" is a name or number of anna'),
        ({"voicemail": BOX + '[[box]]\nid = "sales"'}, 'box[1].id: "sales" is a name or number of box sales'),
        ({"voicemail": BOX + 'members = ["ana"]', "agents": ANNA}, 'box[0].members[0]: nobody has the id "ana"'),
        ({"voicemail": BOX + 'queue = "suport"', "queues": QUEUE}, 'box[0].queue: there is no queue "suport"'),
        ({"voicemail": BOX + 'project = "acme"'}, 'box[0].project: there is no project "acme"'),
        ({"voicemail": BOX + 'language = "ru"'}, 'box[0].language: "ru" is not among the languages'),
        ({"voicemail": BOX + 'email = ["sales@example.com"]'}, "box[0].email: no mail can be sent"),
        ({"voicemail": BOX + 'pin = "12"'}, "box[0].pin: "),
        ({"agents": ANNA + 'voicemail = {email = ["a@b.c"]}'}, "agent[0].voicemail.email: no mail can be sent"),
        ({"softswitch": '[mail]\nserver = "smtp.example.com"'}, 'mail.sender: "" is no mail address'),
        (
            {"softswitch": MAIL, "voicemail": BOX + 'email = ["Sales <sales@example.com>"]'},
            'box[0].email[0]: "Sales <sales@example.com>" is no mail address',
        ),
        # reports.toml
        (
            {"softswitch": MAIL, "reports": REPORT.replace("waits", "wait")},
            'report[0].report: there is no report "wait". Did you mean "waits"?',
        ),
        (
            {"softswitch": MAIL, "reports": REPORT.replace("daily 07:00", "hourly")},
            'report[0].when: "hourly" is no time',
        ),
        (
            {"softswitch": MAIL, "reports": REPORT.replace("daily 07:00", "monthly 31 07:00")},
            'report[0].when: "monthly 31 07:00" is no time',
        ),
        ({"reports": REPORT}, "report[0].when: no mail is sent"),
        (
            {"softswitch": MAIL, "reports": REPORT.replace("boss@example.com", "boss")},
            'report[0].to[0]: "boss" is no e-mail address',
        ),
        (
            {"softswitch": MAIL, "reports": REPORT.replace('"boss@example.com"', "")},
            "report[0].to: nobody is there to send it to",
        ),
        ({"softswitch": MAIL, "reports": REPORT + REPORT}, 'report[1].id: there is a report "r" already'),
        ({"softswitch": MAIL, "reports": REPORT + 'project = "acme"'}, 'report[0].project: there is no project "acme"'),
        (
            {"softswitch": MAIL, "reports": REPORT + 'agent = "anna"'},
            "report[0].report: waits cannot be told for one agent",
        ),
        (
            {"softswitch": MAIL, "reports": REPORT + 'timezone = "Mars"'},
            'report[0].timezone: there is no time zone "Mars"',
        ),
        # surveys.toml
        ({"projects": ACME, "surveys": SURVEY + 'project = "acm"'}, 'there is no project "acm". Did you mean "acme"?'),
        ({"surveys": SURVEY + SURVEY}, 'survey[1].id: there is a survey "csat" already'),
        ({"surveys": SURVEY + 'project = "acme"'}, 'survey[0].project: there is no project "acme"'),
        ({"surveys": _ASKED.replace("{}", '{id = "a"}')}, "survey[0].questions[0].text: nothing is asked"),
        (
            {"surveys": _ASKED.replace("{}", '{id = "a", text = "How?", prompt = "x/y"}')},
            "survey[0].questions[0].prompt: a text is given as well",
        ),
        (
            {"surveys": _ASKED.replace("{}", '{id = "a", text = "How?"}, {id = "a", text = "And?"}')},
            'survey[0].questions[1].id: there is a question "a" already',
        ),
        (
            {"surveys": _ASKED.replace("{}", '{id = "a", text = {en = "?", ru = "?"}}')},
            'survey[0].questions[0].text.ru: "ru" is none of [sounds] languages',
        ),
        ({"surveys": _ASKED.replace("{}", '{id = "a", text = "How?", scale = 10}')}, "survey[0].questions[0].scale: "),
        ({"surveys": _ASKED.replace("{}", "")}, "survey[0].questions: there are 0 questions"),
        ({"queues": QUEUE + 'survey = "csta"', "surveys": SURVEY}, 'queue[0].survey: there is no survey "csta". Did'),
        (
            {"queues": QUEUE + 'survey = "csat"', "surveys": SURVEY + 'project = "acme"', "projects": ACME},
            'queue[0].survey: the survey "csat" belongs to project acme',
        ),
        # trunks.toml
        ({"trunks": TRUNK + TRUNK}, 'trunk[1].name: there is a trunk "provider" already'),
        ({"trunks": TRUNK + 'addresses = ["x"]'}, 'trunk[0].addresses[0]: "x" is no address and no network'),
        ({"trunks": TRUNK + 'addresses = ["0.0.0.0/0"]'}, 'trunk[0].addresses[0]: "0.0.0.0/0" is the whole Internet'),
        ({"trunks": TRUNK + 'addresses = ["::/0"]'}, 'trunk[0].addresses[0]: "::/0" is the whole Internet'),
        (
            {"trunks": f'{TRUNK}addresses = ["10.1.0.0/16"]\n{TRUNK.replace("provider", "b")}addresses = ["10.1.2.3"]'},
            'trunk[1].addresses[0]: "10.1.2.3" overlaps with 10.1.0.0/16 of trunk "provider"',
        ),
        (
            {"trunks": TRUNK + 'addresses = ["2001:db8::/32", "2001:db8::1"]'},
            'trunk[0].addresses[1]: "2001:db8::1" overlaps with 2001:db8::/32',
        ),
        ({"trunks": '[[trunk]]\nname = "p"'}, "trunk[0].addresses: it has neither addresses"),
        ({"trunks": TRUNK.replace("192.0.2.1", "sip:x")}, 'trunk[0].host: "sip:x" is no address and no host name'),
        (
            {"trunks": '[[trunk]]\nname = "p"\naddresses = ["10.1.2.3"]\npermitted_callers = ["*"]'},
            "trunk[0].host: callers are permitted, but there is no host",
        ),
        ({"trunks": TRUNK + 'prefix = "abc"'}, 'trunk[0].prefix: "abc" is no beginning of a number'),
        ({"trunks": TRUNK + 'username = "u"'}, "trunk[0].password: it is missing beside its other half"),
        ({"trunks": TRUNK + 'accept_username = "u"'}, "trunk[0].accept_password: it is missing beside its other half"),
        ({"trunks": TRUNK + "register = true"}, "trunk[0].username: without it there is nothing to register"),
        ({"trunks": TRUNK + 'domain = "sip:x"'}, 'trunk[0].domain: "sip:x" is no host name'),
        (
            {"trunks": TRUNK + 'quirks = ["contact_user"]'},
            'trunk[0].quirks[0]: "contact_user" is about the account, and there is none',
        ),
        ({"trunks": TRUNK + 'quirks = ["contact_usr"]'}, 'trunk[0].quirks[0]: "contact_usr" is not possible here'),
        ({"trunks": TRUNK + "options_s = 0\noptions_bad = [503]"}, "trunk[0].options_bad: no OPTIONS are sent"),
        ({"trunks": TRUNK + 'country_code = "+7"'}, 'trunk[0].country_code: "+7" is not made of a few digits'),
        ({"softswitch": '[numbers]\ncountry_code = "+7"'}, 'numbers.country_code: "+7" is not made of a few digits'),
        (
            {"trunks": "".join(_CUSTOMER.format(name) for name in ("a", "b"))},
            'trunk[1].accept_username: "shared" is the user name of a phone, or of another trunk',
        ),
        (
            {"trunks": TRUNK + 'accept_username = "anna"\naccept_password = "x"', "agents": ANNA},
            'trunk[0].accept_username: "anna" is the user name of a phone, or of another trunk',
        ),
        (
            {"trunks": TRUNK + "rules = [{number = 'called_out', pattern = '(a+)+'}]"},
            "trunk[0].rules[0].pattern: it repeats a group",
        ),
        (
            {"trunks": TRUNK + "rules = [{number = 'called_out', pattern = '8(.*)', replace = '\\2'}]"},
            "trunk[0].rules[0].replace: \\2 is none of its 1 groups",
        ),
        (
            {"trunks": TRUNK + "rules = [{number = 'called_out'}]"},
            "trunk[0].rules[0].number: the rule changes nothing",
        ),
        (
            {"trunks": TRUNK + "rules = [{number = 'called_out', prefix = '8', pattern = '8'}]"},
            "trunk[0].rules[0].pattern: there are prefix, strip or add beside it",
        ),
        (
            {"trunks": TRUNK + '[[outbound]]\nnumber = "+7!"\ntrunks = ["provder"]'},
            'outbound[0].trunks[0]: there is no trunk "provder". Did you mean "provider"?',
        ),
        (
            {"trunks": TRUNK + '[[outbound]]\nnumber = "home"\ntrunks = ["provider"]'},
            'outbound[0].number: "home" is a name, and trunks carry numbers',
        ),
        (
            {"trunks": TRUNK + '[[outbound]]\nnumber = "!7"\ntrunks = ["provider"]'},
            'outbound[0].number: "!" stands inside "!7"',
        ),
        (
            {"trunks": TRUNK + '[[outbound]]\nnumber = "!"\ntrunks = ["provider"]\nfailover_on = [486]'},
            "outbound[0].failover_on[0]: 486 is the answer of the called person",
        ),
        (
            {"trunks": TRUNK + '[[outbound]]\nnumber = "!"\ntrunks = ["provider"]\nweights = {x = 1}'},
            'outbound[0].weights.x: "x" is none of its trunks',
        ),
        (
            {"trunks": '[[trunk]]\nname = "p"\naddresses = ["10.1.2.3"]\n[[outbound]]\nnumber = "!"\ntrunks = ["p"]'},
            'outbound[0].trunks[0]: trunk "p" has no host to call',
        ),
        ({"trunks": TRUNK + 'password = "p"'}, "trunk[0].username: it is missing beside its other half"),
        (
            {"trunks": TRUNK + 'permitted_callers = ["ana"]', "agents": ANNA},
            'trunk[0].permitted_callers[0]: nobody has the id "ana". Did you mean "anna"?',
        ),
        (
            {"agents": ANNA + 'watched_by = ["ana"]'},
            'agent[0].watched_by[0]: nobody has the id "ana". Did you mean "anna"?',
        ),
    ],
)
def test_a_rule_that_is_broken_is_one_fault(tmp_path: Path, files: Files, expected: str):
    faults = faults_of(tmp_path, files)
    assert len(faults) == 1, faults
    assert expected in faults[0]


def test_queues_that_overflow_in_a_circle_are_all_named(tmp_path: Path):
    queues = "".join(
        f'[[queue]]\nid = "{own}"\noverflow = "queue:{target}"\n' for own, target in ("ab", "bc", "ca", "da")
    )
    faults = faults_of(tmp_path, {"queues": queues})
    assert [fault.split(": ")[1] for fault in faults] == [f"queue[{index}].overflow" for index in (0, 1, 2)]


def test_a_number_that_is_ones_own_username_is_fine(tmp_path: Path):
    assert faults_of(tmp_path, {"agents": ANNA + 'username = "101"\nnumber = "101"'}) == []


def test_queues_may_wait_for_their_first_agents(tmp_path: Path):
    assert faults_of(tmp_path, {"queues": QUEUE + "skills = {billing = 3}"}) == []


def test_the_index_of_a_route_counts_those_that_could_not_be_read(tmp_path: Path):
    numbers = "[[route]]\nnumber = 5\n" + ROUTE + 'hours = "x"\notherwise = "y"\n'
    faults = faults_of(tmp_path, {"numbers": numbers})
    assert [fault.split(": ")[1] for fault in faults] == ["route[0].flow", "route[0].number", "route[1].hours"]


def test_no_fault_shows_a_password(tmp_path: Path):
    agents = "[[agent]]\nid = 'anna'\npassword = 987654321\n[[agent]]\nid = 'b'\npassword = 'geheim7'\n"
    faults = "".join(faults_of(tmp_path, {"agents": agents}))
    assert "987654321" not in faults
    assert "geheim7" not in faults


@pytest.mark.parametrize(
    ("password", "names"),
    [
        ("kuYb6-t", ()),
        ("alexander", ("alexander",)),
        ("AlExAnDeR", ("alexander",)),
        ("rednaxela", ("alexander",)),
        ("40014001", ("4001",)),
        ("Password", ()),
        ("aaaaaaaaaaaa", ()),
        ("1212121212", ()),
    ],
)
def test_weak_passwords(password: str, names: tuple[str, ...]):
    assert weakness(password, *names) is not None


def test_strong_passwords():
    assert weakness("18a4f4c6e7daffea4647", "anna", "") is None
    assert weakness("correct horse", "anna") is None


def test_a_list_has_the_numbers_of_its_file(tmp_path: Path):
    (tmp_path / "vip.csv").write_text("\ufeffNumber;Note\n+7 (495) 123-45-67;gold, since 2019\n\n+15550123\n# old\n")
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "callers.toml").write_text(LIST + 'numbers = ["+49!"]\nfile = "vip.csv"')
    (row,) = load(tmp_path).lists
    assert row.numbers == ("+49!", "+74951234567", "+15550123")
    assert row.notes == {"+74951234567": "gold, since 2019"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"+15550123\nnobody\n", 'vip.csv:2: "nobody" is no number'),
        (b"\xff\xfe+\x001\x00", "vip.csv is no UTF-8 text"),
        (b'"+15550123\n' * 20_000, "vip.csv"),
    ],
)
def test_a_file_that_is_no_list_of_numbers(tmp_path: Path, content: bytes, fault: str):
    (tmp_path / "vip.csv").write_bytes(content)
    (found,) = faults_of(tmp_path, {"callers": LIST + 'file = "vip.csv"'})
    assert fault in found
