"""What callers are told: phrases and their languages, numbers read aloud, speech, music and tones as WAV files."""
