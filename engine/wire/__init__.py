"""Bytes and messages of the Kafka protocol: the lowest layer, which knows no broker."""
