"""How calls sound: RTCP, the E-model, and how the parties speak."""
