"""Addresses of people, as they are read and counted."""

import pytest

from console.networks import network_of, plain


@pytest.mark.parametrize(
    ("address", "read", "counted"),
    [
        ("10.0.0.9", "10.0.0.9", "10.0.0.9"),
        ("::ffff:10.0.0.9", "10.0.0.9", "10.0.0.9"),
        ("2001:db8::7", "2001:db8::7", "2001:db8::/64"),
        ("2001:db8:0:1:a:b:c:d", "2001:db8:0:1:a:b:c:d", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::/64"),
        ("::1", "::1", "::/64"),
        ("10.0.0.9:8080", "10.0.0.9:8080", "10.0.0.9:8080"),
        ("", "", ""),
    ],
)
def test_an_address_is_read_and_counted_as(address, read, counted):
    assert (plain(address), network_of(address)) == (read, counted)
