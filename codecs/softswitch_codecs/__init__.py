"""The codecs that ship with the switch; each is found through the entry-point group `softswitch.codecs`."""
