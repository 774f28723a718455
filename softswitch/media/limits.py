"""Every bound of the media domain, each with its reason."""

SOUND_BYTES_MAX = 128 * 1024 * 1024
"""Two hours of music on hold; a larger file is taken for a mistake before it fills a worker's memory."""

RECORDER_QUEUE_BYTES_MAX = 128 * 1024 * 1024
"""Recorded sound that waits for the disk: three seconds of 1,200 calls, longer than a healthy disk pauses."""

SOUNDS_PER_PLAYBACK_MAX = 256
"""An announcement has a dozen parts; a playback must stay far below one packet to the worker."""

WORKER_QUEUE_BYTES_MAX = 8 * 1024 * 1024
"""Commands that wait for a worker's socket: over ten descriptions of 2,000 streams; a worker that far behind hangs."""

PORT_ATTEMPTS_MAX = 16
"""Ports tried for one stream when other programs hold some of the range; then the range is wrong, not the port."""
