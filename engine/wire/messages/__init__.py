"""One module per API, generated from Apache Kafka's JSON definitions by engine/wire/generate.py."""
