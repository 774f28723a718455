"""The verbs of a call, with every answer noted, so that its flow can be resumed by another switch process."""
