"""ApiVersions."""

from engine.broker.context import RequestContext
from engine.broker.handlers import api_versions
from engine.broker.supported import VERSIONS
from engine.wire.catalog import APIS
from engine.wire.messages.api_versions import ApiVersionsRequest
from tests.engine.broker.admin_broker import AdminBroker


def test_every_version_lists_what_is_served() -> None:
    broker = AdminBroker()
    for version in range(5):
        response = broker.call(18, version, ApiVersionsRequest("librdkafka", "2.0.2"))
        listed = {one.api_key: (one.min_version, one.max_version) for one in response.api_keys}
        assert listed == VERSIONS
        assert response.error_code == 0
        if version >= 3:
            assert [(one.name, one.max_version_level) for one in response.finalized_features] == [
                ("metadata.version", 30)
            ]
            assert response.finalized_features_epoch == broker.image.offset


def test_the_ranges_are_kafkas() -> None:
    for key, (least, most) in VERSIONS.items():
        assert most == APIS[key].stable
        assert least == (0 if key == 0 else APIS[key].lowest)  # Produce 0 to 2 are advertised: KAFKA-18659


def test_client_software_must_look_like_software() -> None:
    broker = AdminBroker()
    for name, software_version in (("", ""), ("x", ""), ("a b", "1"), ("-a", "1"), ("a\n", "1"), ("ä", "1")):
        response = broker.call(18, 3, ApiVersionsRequest(name, software_version))
        assert (response.error_code, response.api_keys) == (42, [])
    assert broker.call(18, 3, ApiVersionsRequest("a", "1.0-x")).error_code == 0


def test_a_version_to_come_is_told_which_ones_we_know() -> None:
    broker = AdminBroker()
    response = api_versions.refuse_version(broker, RequestContext(broker.connection, 18, 0, 1, None))
    assert response.error_code == 35
    assert [(one.api_key, one.min_version, one.max_version) for one in response.api_keys] == [(18, 0, 4)]
