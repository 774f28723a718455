"""The media engine: RTP in, jitter, decode, mix, encode, RTP out, prompts and recording."""
