"""Every bound of the media domain, each with its reason."""

SOUND_BYTES_MAX = 128 * 1024 * 1024
"""Two hours of music on hold; a larger file is taken for a mistake before it fills a worker's memory."""

RECORDER_QUEUE_BYTES_MAX = 256 * 1024 * 1024
"""Recorded sound that waits for the disk: fourteen seconds of 1,200 calls, longer than a shared disk pauses."""

SOUNDS_PER_PLAYBACK_MAX = 256
"""An announcement has a dozen parts; a playback must stay far below one packet to the worker."""

WORKER_QUEUE_BYTES_MAX = 8 * 1024 * 1024
"""Commands that wait for a worker's socket: over ten descriptions of 2,000 streams; a worker that far behind hangs."""

ORDER_LOG_BYTES_MAX = 32 * 1024 * 1024
"""What is read of a dead worker's orders: ten times a description of STREAMS_MAX streams."""

PORT_ATTEMPTS_MAX = 16
"""Ports tried for one stream when other programs hold some of the range; then the range is wrong, not the port."""

HELD_PORTS_MAX = 64
"""Ports a worker holds open for streams to come: twice what a switch asks for, a bound for one that has gone mad."""

STREAMS_MAX = 8192
"""Streams of one worker: above what one core carries, so that the core and not this number is the limit."""

SOURCES_MAX = 64
"""Streams one listener hears; a telephone conference has fifteen."""

ROOMS_MAX = 1024
"""Rooms of one worker: more than one core carries, were there three members in each."""

ROOM_MEMBERS_MAX = 250
"""Members of one room. A telephone conference has fifteen; beyond this it is a broadcast, and each coming and going,
which is faded for every member, would take more than a millisecond."""

GAIN_DB_MAX = 24.0
"""A voice sixteen times as loud; what needs more is noise."""

RECORDINGS_MAX = 4096
"""Recordings of one worker: every call of STREAMS_MAX streams."""

FEEDS_MAX = 512
"""Feeds of one worker, a few microseconds a tick each; the streamer process has enough long before."""

RTP_PACKET_BYTES_MAX = 1472
"""What fits an Ethernet frame (30 ms of L16 at 16 kHz are 960 with their header); longer ones are malformed for us."""

RTCP_PACKET_BYTES_MAX = 1500
"""A compound packet is sent as one datagram that must not be fragmented; what is longer is cut, and so malformed."""

PAYLOAD_BYTES_MAX = 480
"""60 ms of G.711, the longest packet anybody sends; of other codecs no longer ones are taken either."""

CODED_PACKETS_WAITING_MAX = 512
"""Packets of one coded stream that are still to be heard: a second of the shortest there are (2.5 ms)."""

RECEIVE_ROUNDS_MAX = 64
"""Packets taken from one socket in one tick, one after another; what a flood brings beyond waits for the next."""

PACKETS_KEPT_MAX = 16
"""Packets of one stream that are of use after a stall: as much sound as is ever waiting to be played, and then some."""

SHARED_PORTS_MAX = 32
"""Shared ports of one worker: so few that a tick reads eight, so many that one flooded port harms few calls."""

SHARED_READS_MAX = 8
"""How often all shared ports are read in one tick when each time there is more than fits: 16,000 packets."""

RESTING_SOURCES_MAX = 16_384
"""Remote addresses of ended streams that no other stream may have for a minute: 270 calls a second per phase."""

UNTRUSTED_PACKETS_MAX = 16
"""Packets examined per tick from a port whose party is not known yet; a flood there must not cost the tick."""

SOUND_STORE_BYTES = 256 * 1024 * 1024
"""Encoded sounds in memory (nine hours); only what was ever played takes real memory."""

EVENTS_WAITING_MAX = 10_000
"""Events kept while no switch is connected or it does not read: minutes of a busy worker. The oldest are dropped and
counted."""

UNSENT_PACKETS_MAX = 1024
"""Packets a connected switch has not read: several seconds of a busy worker's events, then it is taken for hung."""

SRTP_PACKET_BYTES_MAX = 2048
"""What is protected in one piece: longer than anything that fits an Ethernet frame."""

SSRCS_PER_KEY_MAX = 64
"""Sources one SRTP key speaks for in turn: a phone changes its SSRC with its music on hold, not every second."""

ROC_CANDIDATES_MAX = 64
"""Roll-overs of a party's sequence number that a new worker looks for: 23 hours of 20 ms packets."""

DIGITS_WAITING_MAX = 64
"""Digits still to be sent to one party; no number that anybody dials is longer."""

DIGIT_MS_MAX = 30_000
"""How long one digit, or the pause after it, may last: longer than anybody holds a key down."""

TONE_PARTS_MAX = 64
"""Parts of a tone's cadence; the longest in use has a dozen."""

TONE_MS_MAX = 300_000
"""One period of a cadence; a tone that tells of a recording comes at least every few minutes."""

NOISES_SHAPED_PER_TICK_MAX = 8
"""Comfort noises whose spectrum is computed in one tick of a phase, 0.1 ms each; others have a flat one until later."""

FAX_LISTEN_S = 45.0
"""From when it is asked for: a fax machine that calls sends its tone every 3.5 s from the first second on."""

FAX_PORTS_MAX = 1024
"""Ports for T.38 in one worker: 512 faxes at once, fifty datagrams a second each, are a quarter of a core."""

UDPTL_BYTES_MAX = 1472
"""What fits an Ethernet frame; 200 bytes are usual, and nobody offers to take more than 1,400."""
