"""What was said, kept for a while: the log of messages, without secrets, as ladders, pcap files and HEP packets."""
