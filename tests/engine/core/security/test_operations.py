"""Bit sets of authorized operations: the numbers that Kafka 4.3 without an authorizer answers with."""

from engine.core.security.operations import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS


def test_the_bits_are_kafkas():
    assert TOPIC_OPERATIONS == 0b1101_1111_1000
    assert CLUSTER_OPERATIONS == 0b1_1111_1010_0000 | 0b1_0000_0000_0000
    assert NOT_ASKED == -2147483648
