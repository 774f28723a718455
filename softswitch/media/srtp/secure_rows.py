"""The streams of a phase that are under SRTP: their packets are decrypted where they lie before anything looks at them.

Nearly every stream is not, and costs nothing here: a phase without one is known by its empty table, and in others the
rows that are come from one look at a column.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import ArrivalBuffer
from softswitch.media.srtp.libsrtp import pointer_to, read, write
from softswitch.media.srtp.srtp import SrtpReceiver

RTCP_TYPES = range(192, 224)
"""Second bytes that tell RTCP from RTP on the same port (RFC 5761 section 4)."""

Int64s = NDArray[np.int64]


class SecureRows:
    """Receivers by the row of their stream."""

    __slots__ = ("_is_secure", "_receivers", "refused")

    def __init__(self, rows: int) -> None:
        self._is_secure: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        self._receivers: dict[int, SrtpReceiver] = {}
        self.refused = 0
        """Packets that were forged, repeated or in the clear."""

    def __bool__(self) -> bool:
        return bool(self._receivers)

    def __contains__(self, row: int) -> bool:
        return row in self._receivers

    def set(self, row: int, receiver: SrtpReceiver | None) -> None:
        self._is_secure[row] = receiver is not None
        self._receivers.pop(row, None)
        if receiver is not None:
            self._receivers[row] = receiver

    def unprotect(self, arrivals: ArrivalBuffer, at: Int64s, row: Int64s, length: Int64s, tick: int) -> Int64s:
        """The packets' new lengths: those of secure streams are decrypted in place, 0 is refused.

        Columns as for `rtp.parse`, which leaves out what has no length.
        """
        secure = np.flatnonzero(self._is_secure[row])
        if not len(secure):
            return length
        first = pointer_to(arrivals.packets)
        header = arrivals.headers[at[secure]]
        is_rtcp = (header["second"] >= RTCP_TYPES.start) & (header["second"] < RTCP_TYPES.stop)
        lengths: list[int] = []
        for packet_at, packet_row, packet_length, ssrc, sequence, is_report in zip(
            at[secure].tolist(),
            row[secure].tolist(),
            length[secure].tolist(),
            header["ssrc"].tolist(),
            header["sequence"].tolist(),
            is_rtcp.tolist(),
            strict=True,
        ):
            receiver, packet = self._receivers[packet_row], first + packet_at * RTP_PACKET_BYTES_MAX
            if is_report:
                report = receiver.unprotect_rtcp(read(packet, packet_length))
                write(packet, report)
                lengths.append(len(report))
            else:
                lengths.append(receiver.unprotect(packet, packet_length, ssrc, sequence, tick))
        plain_length = length.copy()
        plain_length[secure] = lengths
        self.refused += lengths.count(0)
        return plain_length

    def take_reports(self) -> list[tuple[int, str]]:
        """What to log since the last time: row, text for people."""
        reports = [(row, text) for row, receiver in self._receivers.items() for text in receiver.reports]
        for receiver in self._receivers.values():
            receiver.reports.clear()
        return reports
