"""Keys with a pass phrase: what opens, what does not, and what would take too long."""

import base64
import subprocess

import pytest

from console.kafka import private_keys
from tests.certificates import Authority
from tests.timing import least_cpu_s

MINE = Authority().signed("console")


def locked(*how) -> str:
    command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:right", *how]
    return subprocess.run(command, input=MINE.key, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("how", [[], ["-iter", "600000"], ["-scrypt"], ["-v1", "PBE-SHA1-3DES"]])
def test_keys_as_openssl_makes_them_open(how):
    pem = locked(*how)
    assert private_keys.is_locked(pem) and private_keys.opened(pem, "right").strip() == MINE.key.strip()
    with pytest.raises(ValueError, match="does not open"):
        private_keys.opened(pem, "wrong")


def with_much_memory(pem: str) -> str:
    """The same with r = 127 in place of 8: openssl makes no such key, others may."""
    head, *body, foot = pem.splitlines()
    der = base64.b64decode("".join(body))
    small, big = bytes.fromhex("02024000020108"), bytes.fromhex("0202400002017f")
    assert der.count(small) == 1
    return "\n".join([head, base64.b64encode(der.replace(small, big)).decode(), foot])


def test_a_key_that_is_costly_to_open_is_refused_before_it_is_tried():
    for pem in (locked("-iter", "2100000"), with_much_memory(locked("-scrypt"))):

        def refused(pem=pem):
            with pytest.raises(ValueError, match="takes too long"):
                private_keys.opened(pem, "right")

        assert least_cpu_s(refused) < 0.2


@pytest.mark.parametrize("body", ["", "AAAA", "MIIB", "%%%", "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3"])
def test_what_is_no_key_is_a_sentence(body):
    pem = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n"
    with pytest.raises(ValueError, match=r"The pass phrase does not open the key|The key cannot be read"):
        private_keys.opened(pem, "right")
