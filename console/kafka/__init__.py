"""Reads and streams of any Kafka cluster; the only importer of the client shell; knows no Django."""
