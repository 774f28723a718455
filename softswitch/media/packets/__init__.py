"""RTP packets: taken apart, built, counted; runs of bytes in arrays."""
