"""Disk, espeak-ng and FFmpeg: where sounds are made and found."""
