"""`softswitch demo`: a minute of a call centre on this machine, with the real processes, real SIP and real RTP.

```
script     who calls when and wants what, from the seed        directory   configuration in a directory of its own
voices     what is said, as WAV files                          centre      `softswitch serve` as a child process
people     callers and agents, each playing a part             table       what is seen meanwhile
performance   all of them together, from the first call to the last
verdict    what came of it, and what went wrong                report      what is said at the end
```
"""

from softswitch.cli.demo.command import demo

__all__ = ["demo"]
