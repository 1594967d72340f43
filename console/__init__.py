"""A web console that is only a Kafka client."""
